"""Overlap of texts with benchmarks, by n-grams of words (docs/decisions/0051-contamination-by-n-grams.md)."""
