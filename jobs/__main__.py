"""`python -m jobs` is the `tokenlake` command."""

from jobs.cli import entry

entry()
