"""The report of a lake: one self-contained page, and its figures as JSON."""

from jobs.report.collect import collect
from jobs.report.publish import publish, published, write

__all__ = ["collect", "publish", "published", "write"]
