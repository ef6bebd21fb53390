"""The feature service: features defined once, computed into Delta tables, joined as of a time, served online.

`README.md` of this folder says which file holds what.
"""
