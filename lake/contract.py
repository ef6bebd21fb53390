"""Which version of the contract the tables of a lake follow."""

from lake.lake import Lake
from pipelines.tables import CONTRACT, contract_of, definition, require_contract


def require(lake: Lake) -> None:
    """Requires that every table follows the contract of this program; a lake without tables does.

    Raises:
        ContractError: a table does not; the message says what to do.
    """
    for name in _known(lake):
        require_contract(lake.root, name, lake.properties(name))


def outdated(lake: Lake) -> list[str]:
    """The tables that follow an older contract.

    Raises:
        ContractError: a table follows a newer one.
    """
    found = {name: lake.properties(name) for name in _known(lake)}
    older = [name for name, properties in found.items() if contract_of(properties) < CONTRACT]
    for name in found.keys() - set(older):
        require_contract(lake.root, name, found[name])
    return older


def _known(lake: Lake) -> list[str]:
    """The lake's tables that are part of the contract; other programs may keep theirs beside them."""
    return [name for name in lake.tables() if definition(name)]
