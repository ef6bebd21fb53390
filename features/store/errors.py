"""What can fail between this process and an online store. Every operation ends with a result or one of these."""

from pipelines.errors import TokenlakeError


class StoreError(TokenlakeError, RuntimeError):
    """The store refused a command; the message holds its words."""


class StoreUnavailableError(StoreError, ConnectionError):
    """The store cannot be reached, closed the connection, is loading, or is a replica that takes no writes."""


class StoreTimeoutError(StoreUnavailableError, TimeoutError):
    """The store did not answer before the deadline. What was written may or may not have arrived."""


class StoreFullError(StoreError):
    """The store has no memory left (`maxmemory`, policy `noeviction`), or its disk is full; nothing was written."""


class StoreLostDataError(StoreError):
    """The store was emptied or restarted during a materialization: rows written before may be missing."""
