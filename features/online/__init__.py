"""Looks features up online."""
