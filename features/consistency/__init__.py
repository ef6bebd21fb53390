"""Whether the online store serves what the tables hold: a log of requests, and a check of it against the tables."""
