"""The report of a lake: its figures, and one self-contained page that shows them."""

from jobs.report.publish import write

__all__ = ["write"]
