"""Fills the online store: from the views' tables, and with rows that serving code pushes."""
