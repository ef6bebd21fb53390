"""Which version of the contract the tables of a lake follow."""

from lake.lake import Lake
from pipelines.tables import (
    CONTRACT,
    CONTRACT_PROPERTY,
    OBJECTIVES,
    PACKED,
    TABLES,
    Table,
    contract_of,
    require_contract,
    sequences,
)


def known(lake: Lake) -> list[Table]:
    """The lake's tables that are part of the contract, in the order of the data flow.

    Other programs may keep theirs beside them.
    """
    present = lake.tables()
    packed = [
        sequences(name.removeprefix(PACKED), objective=objective_of(lake, name))
        for name in present
        if name.startswith(PACKED)
    ]
    return [*(table for table in TABLES if table.name in present), *packed]


def objective_of(lake: Lake, table: str) -> str:
    """What the rows of `sequences_<name>` are for, one of `OBJECTIVES`; tables of contract 1 do not say it: causal."""
    objective = lake.properties(table).get("tokenlake.objective", "causal")
    return objective if objective in OBJECTIVES else "causal"


def own_tables(lake: Lake) -> tuple[list[Table], list[str]]:
    """All tables that tokenlake made, in the order of the data flow, and the names of those that it did not.

    Besides those of the contract these are histories of features and training sets, which carry its property too.
    """
    found = known(lake)
    names = {table.name for table in found}
    others: list[str] = []
    for name in lake.tables():
        if name in names:
            continue
        if CONTRACT_PROPERTY in lake.properties(name):
            found.append(Table(name, (), lake.schema(name), lake.partition_by(name)))
        else:
            others.append(name)
    return found, others


def require(lake: Lake) -> None:
    """Requires that every table follows the contract of this program; a lake without tables does.

    Raises:
        ContractError: a table does not; the message says what to do.
    """
    for table in known(lake):
        require_contract(lake.root, table.name, lake.properties(table.name))


def outdated(lake: Lake) -> list[Table]:
    """The tables that follow an older contract.

    Raises:
        ContractError: a table follows a newer one.
    """
    older = []
    for table in known(lake):
        properties = lake.properties(table.name)
        if contract_of(properties) < CONTRACT:
            older.append(table)
        else:
            require_contract(lake.root, table.name, properties)
    return older
