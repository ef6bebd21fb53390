"""Up to where an online store has the views of the catalogue."""

from contextlib import closing

from features.catalogue.catalogue import CATALOGUE
from features.materialization.state import State
from features.materialization.writer import writer_of
from features.plan import Plan
from features.store.address import Address

_TIMEOUT = 5.0  # seconds for each answer


def states(address: Address) -> dict[str, State]:
    """view -> state; views that the store has nothing of are left out.

    Raises:
        StoreError: it cannot be opened, or does not answer.
    """
    found = {}
    with closing(writer_of(address, Plan.of(CATALOGUE), _TIMEOUT)) as writer:
        for view in CATALOGUE.views:
            state = State.from_json(writer.state(view.name))
            if state is not None:
                found[view.name] = state
    return found
