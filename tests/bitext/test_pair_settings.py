"""Settings of execution leave the tables of pairs as they are; those with a meaning make anew what depends on them."""

import shutil

import pytest
from bitext.pair_lakes import PairLake
from pydantic import ValidationError

from pipelines.bitext.config import PairsConfig, PairSourceConfig
from pipelines.config import Role

LINES = "Hello there.\tGuten Tag.\nhello there\tGuten Tag!\nGood night.\tGute Nacht.\n"


def execution(section) -> set[str]:
    return {name for name in section.model_fields if section.role(name) is Role.EXECUTION}


@pytest.fixture
def made(engine, tmp_path):
    return PairLake(engine, tmp_path).run(first=LINES)


OF_SOURCES = {
    "path": lambda lake: str(shutil.copytree(lake.folder, lake.folder.parent / "moved")),
    "root": lambda lake: str(lake.folder),
    "exclude": lambda lake: ["*.nothing"],
    "on_delete": lambda lake: "keep",
}
OF_ALL = {"split_bytes": 1024, "reject_limit": 1.0, "delete_limit": 0.1}


def test_every_setting_of_execution_is_tried():
    assert execution(PairSourceConfig) == OF_SOURCES.keys()
    assert execution(PairsConfig) == OF_ALL.keys()


def source(lake, **changes):
    return [{"name": "test", "path": str(lake.folder), "languages": ["en", "de"], **changes}]


@pytest.mark.parametrize("name", OF_SOURCES)
def test_another_setting_of_execution_of_a_source_commits_nothing(made, name):
    before = made.versions()
    made.settings["sources"] = source(made, **{name: OF_SOURCES[name](made)})
    assert made.run().versions() == before


@pytest.mark.parametrize("name", OF_ALL)
def test_another_setting_of_execution_commits_nothing(made, name):
    before = made.versions()
    made.settings[name] = OF_ALL[name]
    assert made.run().versions() == before


@pytest.mark.parametrize(
    ("change", "from_table"),
    [
        ({"policy": "opus"}, "pair_decisions"),
        ({"identify_languages": True}, "pair_measures"),
        ({"dedup": {"by": "source"}}, "pair_duplicates"),
        ({"dedup": {"group_by": "source_or_target"}}, "clean_pairs"),
    ],
)
def test_a_setting_with_a_meaning_makes_anew_what_depends_on_it(made, change, from_table):
    order = [
        "pair_inputs",
        "pairs",
        "pair_rejects",
        "pair_measures",
        "pair_decisions",
        "pair_duplicates",
        "clean_pairs",
    ]
    before = made.versions()
    made.settings |= change
    after = made.run().versions()
    changed = {name for name in order if after[name] != before[name]}
    assert changed == set(order[order.index(from_table) :])


def test_other_columns_mean_to_read_the_file_again(made):
    made.settings["sources"] = source(made, columns=[1, 0])
    made.run()
    assert {source for (source,) in made.rows("pairs", "source_text")} == {"Guten Tag.", "Guten Tag!", "Gute Nacht."}
    assert len(made.rows("pairs", "pair_id")) == 3


def test_a_name_that_is_used_twice_is_refused(made):
    made.settings["sources"] = source(made) * 2
    with pytest.raises(ValidationError, match="name 'test' is used twice"):
        made.config()


@pytest.mark.parametrize("languages", [["en"], ["english", "de"], ["en", "de", "fr"]])
def test_a_source_has_two_language_codes(made, languages):
    made.settings["sources"] = source(made, languages=languages)
    with pytest.raises(ValidationError, match="languages"):
        made.config()
