"""Duplicates and the held-out split: who survives, and that no source sentence is on both sides."""

import pytest
from bitext.pair_lakes import PairLake

from pipelines.bitext.normalise import normalise, text_hashes
from pipelines.sequences.order import HELDOUT, split_of

TATOEBA = "".join(
    f"{source}\t{target}\n"
    for source, targets in {
        "Go.": ["Geh.", "Los!", "Geht.", "Fahr los."],
        "go!": ["Lauf!"],
        "I see.": ["Ich verstehe.", "Aha.", "Ach so."],
        "Run!": ["Lauf!", "Lauf weg!"],
        **{f"This is sentence {n}.": [f"Das ist Satz {n}.", f"Dies ist Satz {n}."] for n in range(40)},
    }.items()
    for target in targets
)


def made(engine, folder, **settings):
    return PairLake(engine, folder, **settings)


def sides(lake, group) -> dict[str, set[str]]:
    """Normalised source sentence -> the sides of the split that its pairs are on, when groups go to a side."""
    found: dict[str, set[str]] = {}
    for row in lake.lake.read("clean_pairs").collect():
        found.setdefault(normalise(row.source_text), set()).add(split_of(group(row), 0.3, 5))
    return found


def test_splitting_by_pair_leaks_and_splitting_by_group_does_not(engine, tmp_path):
    lake = made(engine, tmp_path).run(tatoeba=TATOEBA)
    leaked = [each for each in sides(lake, lambda row: row.pair_id).values() if len(each) == 2]
    assert len(leaked) > 10
    by_group = sides(lake, lambda row: row.split_group_id)
    assert all(len(each) == 1 for each in by_group.values())
    assert {HELDOUT} in by_group.values()
    assert {"train"} in by_group.values()


def test_case_punctuation_and_spaces_do_not_part_a_group(engine, tmp_path):
    lake = made(engine, tmp_path).run(tatoeba=TATOEBA)
    groups = {
        group for text, group in lake.rows("clean_pairs", "source_text", "split_group_id") if text[:2].lower() == "go"
    }
    assert len(groups) == 1


def test_groups_by_either_side_join_sentences_in_chains(engine, tmp_path):
    lake = made(engine, tmp_path, dedup={"group_by": "source_or_target"}).run(tatoeba=TATOEBA)
    of = dict(lake.rows("clean_pairs", "target_text", "split_group_id"))
    assert of["Lauf weg!"] == of["Lauf!"] == of["Geh."]  # Run! - Lauf! - go! - Go.
    assert of["Aha."] != of["Geh."]


def test_a_later_pair_that_joins_two_groups_moves_one_of_them(engine, tmp_path):
    lake = made(engine, tmp_path, dedup={"group_by": "source_or_target"})
    lake.run(first="One.\tEins.\nTwo.\tZwei.\n")
    assert len({group for (group,) in lake.rows("clean_pairs", "split_group_id")}) == 2
    lake.run(second="Two.\tEins.\n")
    assert len({group for (group,) in lake.rows("clean_pairs", "split_group_id")}) == 1
    assert lake.mode("clean_pairs") == "change"
    assert len(lake.clean()) == 3


DUPLICATED = "Yes, I do.\tJa, das tue ich.\nyes I do\tJa das tue ich!\nYes, I do!\tDoch.\nSure.\tDoch!\n"


@pytest.mark.parametrize(("by", "kept"), [("both", 3), ("source", 2), ("target", 2), ("none", 4)])
def test_pairs_are_duplicates_by_the_sides_that_are_asked_for(engine, tmp_path, by, kept):
    lake = made(engine, tmp_path, dedup={"by": by}).run(first=DUPLICATED)
    assert len(lake.clean()) == kept
    assert {each for (each,) in lake.rows("pair_duplicates", "by")} == ({by} if by != "none" else set())


def test_later_pairs_take_no_survivor_away(engine, tmp_path):
    lake = made(engine, tmp_path, dedup={"by": "source"}).run(m="Yes.\tJa.\nNo.\tNein.\n")
    before = set(lake.rows("clean_pairs", "pair_id", "split_group_id"))
    for name in ("a", "z"):
        lake.run(**{name: "yes!\tJawohl.\nNO\tNee.\nMaybe.\tVielleicht.\n"})
        assert before <= set(lake.rows("clean_pairs", "pair_id", "split_group_id"))
    assert lake.mode("clean_pairs") == "append"
    assert len(lake.clean()) == 3


def test_the_source_of_the_highest_priority_survives(engine, tmp_path):
    lake = made(engine, tmp_path)
    for name in ("low", "high"):
        (lake.folder / name).mkdir()
    (lake.folder / "low" / "a.tsv").write_text("Yes.\tJa.\n")
    (lake.folder / "high" / "a.tsv").write_text("yes\tja\n")
    lake.settings["sources"] = [
        {"name": name, "path": str(lake.folder / name), "languages": ["en", "de"], "priority": priority}
        for name, priority in (("low", 0), ("high", 3))
    ]
    assert lake.run().clean() == [("yes", "ja")]
    lake.settings["sources"][0]["priority"] = 9
    assert lake.run().clean() == [("Yes.", "Ja.")]


def test_rows_do_not_depend_on_how_the_work_is_cut(engine, tmp_path):
    found = []
    lines = "".join(f"Sentence {n % 300}!\tSatz {n % 170}.\n" for n in range(2000))
    for split_bytes in (1 << 10, 1 << 20):
        folder = tmp_path / str(split_bytes)
        folder.mkdir()
        lake = made(engine, folder, split_bytes=split_bytes, dedup={"by": "source"}).run(first=lines)
        found.append(lake.rows("clean_pairs", "pair_id", "split_group_id"))
    assert found[0] == found[1]
    assert len(found[0]) == 300


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Go!  ", "go"),
        ("It's – well — fine…", "it s well fine"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁne １２", "fine 12"),
        ("?!", "?!"),
        ("a\u200bb", "a b"),
    ],
)
def test_sentences_are_compared_in_a_normal_form(text, normal):
    assert normalise(text) == normal


def test_the_hash_of_a_sentence_is_fixed():
    assert [each.hex() for each in text_hashes(["Go.", "go!"])] == ["051fe2e03336a96b09623ec86ac86b28"] * 2
