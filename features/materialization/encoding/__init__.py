"""Columns of a view's table as the bytes of the online store: `features.layout`, for many rows at once.

Everything is Arrow and numpy over whole columns; no loop over rows, nothing to compile. Tests compare each byte with
`features.layout`, which says what the bytes mean.
"""
