"""The version of the contract that a table follows."""

from collections.abc import Mapping

from pipelines.errors import MisuseError

CONTRACT = 2
"""Version of this contract. It grows whenever a table changes so that earlier programs would misread it.

1: `clean_documents` and `tokens` had the column `cluster_id` for what is `split_group_id` now; documents and rejects
had no `path`; `inputs` had a row for each reading of a file; `measures.text` was what C4's line rules left; there were
no properties.
"""

CONTRACT_PROPERTY = "tokenlake.contract"
"""Property of every table: the version of the contract that it follows. Tables without it follow version 1."""

OF_THIS_CONTRACT = {CONTRACT_PROPERTY: str(CONTRACT)}


class ContractError(MisuseError, RuntimeError):
    """A table follows another version of the contract than this program."""


def require_contract(lake: str, table: str, properties: Mapping[str, str]) -> None:
    """Requires that a table of a lake follows this version of the contract.

    Raises:
        ContractError: it does not; the message says what to do.
    """
    found = contract_of(properties)
    if found < CONTRACT:
        raise ContractError(
            f"{lake}: {table} follows contract {found}, this program {CONTRACT}: run `tokenlake upgrade {lake}` first"
        )
    if found > CONTRACT:
        raise ContractError(
            f"{lake}: {table} follows contract {found} of a newer tokenlake, this program {CONTRACT}: install that one"
        )


def contract_of(properties: Mapping[str, str]) -> int:
    """The version of the contract that a table with these properties follows."""
    return int(properties.get(CONTRACT_PROPERTY, 1))
