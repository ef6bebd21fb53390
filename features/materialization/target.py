"""Where a materialization writes."""

from dataclasses import dataclass

from features.materialization.writer import OnlineWriter, writer_of
from features.plan import Plan
from features.store.address import Address


@dataclass(frozen=True)
class Target:
    """A store and the definitions of what it holds; can be sent to tasks of an engine."""

    address: Address
    plan: Plan
    timeout: float = 30.0  # seconds that the store may take for each request

    def writer(self) -> OnlineWriter:
        """A connection of its own."""
        return writer_of(self.address, self.plan, self.timeout)
