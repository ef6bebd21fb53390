"""What fills the tables of the views: the lake's tables and files of translations, glossaries and clients -> rows.

A module makes the current state of its views, `history.py` the rows to append. Nothing here reads or writes a lake.
"""
