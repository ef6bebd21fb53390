"""Pinned versions are there, with all their data files."""

from collections.abc import Iterator

from jobs.checks.finding import Finding
from lake.lake import Lake
from lake.maintenance.log_listing import listed
from lake.maintenance.pins import in_force, lost_files, pins


def kept(lake: Lake) -> Iterator[Finding]:
    """One finding for each pin whose last day has not passed."""
    current = in_force(lake)
    for pin in pins(lake):
        if pin.is_over:
            continue
        name = f"{pin.table} version {pin.version}, pinned for {pin.name}"
        if pin not in current:
            yield Finding(name, False, "the table was deleted or made anew under its name")
        elif not listed(lake, pin.table).is_readable(pin.version):
            yield Finding(name, False, "the log no longer tells which files it has")
        else:
            lost = lost_files(lake, pin)
            detail = f"{len(lost):,} data files are gone, such as {lost[0]}" if lost else "all data files are there"
            yield Finding(name, not lost, detail)
