"""Upkeep of a lake's tables: fewer and larger files, no files that nobody reads, short logs."""
