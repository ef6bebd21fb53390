"""Lookups of features beside Feast's SDK and plain clients."""
