"""The report of a lake: one self-contained page, and its figures as JSON."""

from jobs.report.publish import write

__all__ = ["write"]
