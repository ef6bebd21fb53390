"""Whether features are what they should be: expectations of each batch, and drift against a pinned baseline."""
