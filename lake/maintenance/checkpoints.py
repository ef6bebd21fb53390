"""Checkpoints: a version in one Parquet file, so that opening a table does not read every entry of its log."""

from lake.lake import Lake
from lake.maintenance.log_listing import listed

FEWEST = 10
"""A log gets a checkpoint when a reader would open more entries than these."""


def checkpoint(lake: Lake, table: str, dry_run: bool = False) -> bool:
    """Writes a checkpoint of the newest version if it pays; returns whether it did, or would."""
    if listed(lake, table).since_checkpoint <= FEWEST:
        return False
    if not dry_run:
        lake.checkpoint(table)
    return True
