"""The features of this project, one file per kind of entity; `catalogue.py` lists them all."""
