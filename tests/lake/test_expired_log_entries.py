"""What is known of a table's commits when entries of its log are gone."""

import pytest
from deltalake import DeltaTable, write_deltalake

from lake.commits import EXPIRED
from pipelines.tables import TOKENS

KEPT = {"delta.logRetentionDuration": "interval 3650 days"}


def commit(lake, rows, note, *run_ids):
    for name in run_ids:
        lake.append(rows(name, name), TOKENS, note(name), lake.version("tokens"))


def forget(lake, *versions):
    DeltaTable(lake.path("tokens")).create_checkpoint()
    for version in versions:
        lake.storage.delete(f"tokens/_delta_log/{version:020d}.json")


def test_every_version_is_listed_also_those_without_an_entry(lake, rows, note):
    commit(lake, rows, note, "a", "b", "c")
    forget(lake, 0, 1)
    assert [(each.version, each.operation == EXPIRED) for each in lake.commits("tokens")] == [
        (2, False),
        (1, True),
        (0, True),
    ]


def test_a_table_is_there_when_only_a_checkpoint_tells_so(lake, rows, note):
    commit(lake, rows, note, "a", "b")
    forget(lake, 0, 1)
    assert (lake.version("tokens"), lake.rows("tokens"), lake.tables()) == (1, 2, ["tokens"])


def test_an_older_commit_is_not_taken_for_the_last_one(lake, rows, note):
    commit(lake, rows, note, "a", "b")
    DeltaTable(lake.path("tokens")).alter.set_table_properties({"delta.dataSkippingNumIndexedCols": "9"})
    forget(lake, 1)
    assert lake.last_own_commit("tokens") is None


@pytest.mark.parametrize(
    ("found", "kept"), [({}, KEPT), ({"delta.logRetentionDuration": "interval 9 days"},) * 2], ids=["unset", "set"]
)
def test_a_table_of_another_program_keeps_its_log_for_long_unless_it_says_otherwise(lake, rows, note, found, kept):
    write_deltalake(lake.path("tokens"), rows("x", "x").slice(0, 0), configuration=found)
    commit(lake, rows, note, "a")
    assert kept.items() <= lake.properties("tokens").items()
