"""`dedup.against`: what another lake delivers is dropped here, whichever of the two grew last."""

import json
import random
import shutil
from collections import Counter

import corpus
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake

from jobs import preflight
from jobs.checks.lake import check as findings
from jobs.cli import UsageError
from jobs.commands import explain
from jobs.config import RunConfig
from jobs.invariants import check
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.report.collect import collect
from jobs.report.page import steps
from jobs.stages.references import UnusableReferenceError
from lake.lake import Lake
from pipelines.errors import MissingPathError

STAGES = ("ingest", "clean", "dedup")
COPY, NEAR, OTHER = 1, 2, 3  # numbers of `corpus.prose`


class Texts:
    """A lake and the folder of texts that it reads: the name of each file is the text's."""

    def __init__(self, engine, folder, against=(), **dedup):
        self.folder, self.engine = folder / "texts", engine
        self.folder.mkdir(parents=True)
        self.lake = Lake(str(folder / "lake"), engine)
        self.settings = {"against": [each.lake.root for each in against], **dedup}

    @property
    def config(self):
        return RunConfig.model_validate(
            {
                "lake": self.lake.root,
                "sources": [{"name": "texts", "path": str(self.folder), "root": str(self.folder)}],
                "clean": {"policy": "none"},
                "dedup": self.settings,
            }
        )

    def put(self, **texts):
        for name, text in texts.items():
            (self.folder / f"{name}.txt").write_text(text)
        return self

    def drop(self, *names):
        for name in names:
            (self.folder / f"{name}.txt").unlink()
        return self

    def run(self):
        assert run_stages(self.engine, self.config, Reporter(), STAGES, conclude=False) == 0
        check(self.lake)
        return self

    @property
    def names(self):
        """doc_id -> name of the file."""
        rows = self.lake.read("documents").select("doc_id", "path").collect()
        return {row.doc_id: row.path.removesuffix(".txt") for row in rows}

    @property
    def delivered(self):
        names = self.names
        return {names[row.doc_id] for row in self.lake.read("clean_documents").select("doc_id").collect()}

    @property
    def held(self):
        """name -> its row of `duplicates`, of documents that another lake holds."""
        names = self.names
        rows = self.lake.read("duplicates").where("reference IS NOT NULL").collect()
        return {names[row.doc_id]: row for row in rows}

    @property
    def versions(self):
        return {name: self.lake.version(name) for name in self.lake.tables()}

    def id_of(self, name):
        return next(doc_id for doc_id, each in self.names.items() if each == name)


@pytest.fixture(scope="module")
def two(engine, tmp_path_factory):
    """A lake with two texts, and one that repeats them beside a text of its own."""
    folder = tmp_path_factory.mktemp("two")
    reference = Texts(engine, folder / "reference").put(first=corpus.prose(COPY), second=corpus.prose(NEAR)).run()
    ours = Texts(engine, folder / "ours", [reference])
    ours.put(copy=corpus.prose(COPY).replace(" ", "  "), near=corpus.near_copy(corpus.prose(NEAR)))
    ours.put(near_too=corpus.near_copy(corpus.near_copy(corpus.prose(NEAR))), other=corpus.prose(OTHER))
    return reference, ours.run()


@pytest.fixture
def copies(engine, two, tmp_path):
    """The same two lakes, to be changed."""
    reference, ours = (Texts(engine, tmp_path / name) for name in ("reference", "ours"))
    for copied, original in zip((reference, ours), two, strict=True):
        shutil.copytree(original.folder, copied.folder, dirs_exist_ok=True)
        shutil.copytree(original.lake.root, copied.lake.root)
    ours.settings["against"] = [reference.lake.root]
    return reference.run(), ours.run()


def test_a_text_that_the_other_lake_delivers_is_dropped_even_if_it_differs_a_little(two):
    reference, ours = two
    assert ours.delivered == {"other"}
    found = {name: (row.method, row.cluster_id, row.cluster_size, row.kept) for name, row in ours.held.items()}
    first, second = reference.id_of("first"), reference.id_of("second")
    assert found == {
        "copy": ("exact", first, 1, False),
        "near": ("minhash", second, 2, False),
        "near_too": ("minhash", second, 2, False),
    }
    assert ours.held["copy"].similarity == 1.0
    assert 0.75 <= ours.held["near_too"].similarity < ours.held["near"].similarity < 1
    assert {row.reference for row in ours.held.values()} == {reference.lake.root}


def test_checks_hold_where_a_cluster_has_no_survivor_here(two):
    assert [str(each) for each in findings(two[1].lake) if not each.holds] == []


def test_a_second_run_commits_nothing(two):
    before = two[1].versions
    assert two[1].run().versions == before


def test_what_the_other_lake_dropped_it_does_not_hold(engine, tmp_path):
    reference = Texts(engine, tmp_path / "reference").put(kept=corpus.prose(OTHER), short="Too short for this policy.")
    config = reference.config
    strict = config.model_copy(update={"clean": config.clean.model_copy(update={"policy": "technical"})})
    assert run_stages(engine, strict, Reporter(), STAGES, conclude=False) == 0
    assert reference.delivered == {"kept"}
    ours = Texts(engine, tmp_path / "ours", [reference]).put(short="Too short for this policy.").run()
    assert ours.delivered == {"short"}


def test_new_documents_are_compared_and_earlier_ones_stay(copies):
    _, ours = copies
    before = set(map(repr, ours.lake.read("clean_documents").drop("run_id").collect()))
    ours.put(late=corpus.prose(COPY) + " ", new=corpus.prose(8)).run()
    assert ours.delivered == {"other", "new"}
    assert ours.held["late"].cluster_id == ours.held["copy"].cluster_id
    assert {ours.held[name].cluster_size for name in ("late", "copy")} == {2}
    assert before < set(map(repr, ours.lake.read("clean_documents").drop("run_id").collect()))
    assert ours.lake.last_own_commit("duplicates").metadata.mode == "append"


def test_documents_that_the_other_lake_gets_later_leave_this_one(copies):
    reference, ours = copies
    reference.put(third=corpus.prose(OTHER)).run()
    ours.run()
    assert ours.delivered == set()
    assert ours.held["other"].cluster_id == reference.id_of("third")
    assert {ours.lake.last_own_commit(name).metadata.mode for name in ("duplicates", "clean_documents")} == {"change"}


def test_a_survivor_that_leaves_is_followed_by_another_of_its_cluster(copies):
    reference, ours = copies
    words = [word for word in corpus.prose(20).split() if word.isalpha()]
    cut = round(0.15 * len(words))
    ours.put(whole=" ".join(words), end=" ".join(words[cut:])).run()
    assert ours.delivered == {"other", "whole"}
    reference.put(beginning=" ".join(words[:-cut])).run()  # of similarity 0.85 with the whole, 0.7 with the end
    ours.run()
    assert ours.delivered == {"other", "end"}
    assert set(ours.held) == {"copy", "near", "near_too", "whole"}


def test_documents_come_back_when_the_other_lake_loses_what_held_them(copies):
    reference, ours = copies
    reference.drop("second").run()
    ours.run()
    assert ours.delivered == {"other", "near_too"}
    assert set(ours.held) == {"copy"}


def test_a_change_of_the_other_lake_that_concerns_nobody_makes_no_work_downstream(copies):
    reference, ours = copies
    reference.put(unlike=corpus.prose(9)).run()
    before = ours.versions
    after = ours.run().versions
    assert {name for name in after if after[name] != before[name]} == {"duplicates", "runs"}
    assert ours.run().versions == after


def test_upkeep_of_the_other_lake_makes_no_work(copies):
    reference, ours = copies
    before = ours.versions
    DeltaTable(reference.lake.path("clean_documents")).alter.set_table_properties({"delta.checkpointInterval": "50"})
    assert ours.run().versions == before


def test_a_lake_is_named_later_and_then_no_more(engine, copies):
    _, ours = copies
    against = ours.settings.pop("against")
    assert ours.run().delivered == {"copy", "near_too", "other"}
    assert ours.held == {}
    ours.settings["against"] = against
    assert ours.run().delivered == {"other"}
    assert ours.lake.last_own_commit("duplicates").metadata.mode == "change"


def test_a_lake_that_an_earlier_version_made_has_no_such_column_and_gets_it(engine, copies):
    _, ours = copies
    against = ours.settings.pop("against")
    ours.run()
    without_references(ours.lake)
    assert [str(each) for each in findings(ours.lake) if not each.holds] == []
    assert collect(ours.lake).total.held == {}
    assert explain.trace_document(ours.lake, ours.id_of("near"))["duplicates"]["reference"] is None
    ours.run()
    assert "reference" not in ours.lake.schema("duplicates").names
    ours.settings["against"] = against
    assert ours.run().delivered == {"other"}
    assert "reference" in ours.lake.schema("duplicates").names
    assert set(DeltaTable(ours.lake.path("duplicates")).to_pyarrow_table()["reference"].to_pylist()) == set(against)


def without_references(lake):
    """Writes table `duplicates` as the version before wrote it."""
    metadata = lake.last_own_commit("duplicates").metadata
    rows = lake.read("duplicates").drop("reference").toArrow()
    write_deltalake(
        lake.path("duplicates"),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        commit_properties=CommitProperties(custom_metadata={"userMetadata": metadata.to_json()}),
    )


def test_the_first_lake_that_holds_a_document_is_named(engine, two, tmp_path):
    reference, _ = two
    another = Texts(engine, tmp_path / "another").put(a=corpus.prose(COPY), b=corpus.prose(OTHER)).run()
    ours = Texts(engine, tmp_path / "ours", [another, reference])
    ours.put(copy=corpus.prose(COPY), near=corpus.near_copy(corpus.prose(NEAR)), other=corpus.prose(OTHER)).run()
    assert ours.delivered == set()
    where = {name: row.reference for name, row in ours.held.items()}
    assert where == {"copy": another.lake.root, "other": another.lake.root, "near": reference.lake.root}
    assert collect(ours.lake).total.held == {another.lake.root: 2, reference.lake.root: 1}


def test_two_lakes_that_name_each_other_keep_one_copy_between_them(engine, tmp_path):
    one = Texts(engine, tmp_path / "one").put(a=corpus.prose(COPY)).run()
    two = Texts(engine, tmp_path / "two").put(b=corpus.prose(COPY)).run()
    one.settings["against"], two.settings["against"] = [two.lake.root], [one.lake.root]
    for lake in (one, two, one):
        lake.run()
    assert (one.delivered, two.delivered) == (set(), {"b"})


def test_explain_names_the_lake_the_document_and_the_similarity(two, capsys):
    reference, ours = two
    trace = explain.trace_document(ours.lake, ours.id_of("near"))
    explain._print(trace)
    said = capsys.readouterr().out
    assert "dropped (minhash): another lake holds it" in said
    assert f"{reference.lake.root} has document {reference.id_of('second')}" in said
    assert f"{ours.held['near'].similarity:.3f}" in said


def test_the_report_counts_them_apart(two):
    reference, ours = two
    data = collect(ours.lake)
    assert data.total.held == {reference.lake.root: 3}
    assert data.total.duplicates == {}
    assert [(step.label, step.documents) for step in steps(data)][-2:] == [("already in lake", 3), ("kept", 1)]


@pytest.mark.parametrize(
    ("dedup", "delivered"),
    [
        ({"minhash": None}, {"near", "other"}),
        ({"exact": False}, {"other"}),
        ({"exact": False, "minhash": {"verify": False}}, {"other"}),
        ({"driver_documents": 0}, {"other"}),
    ],
    ids=["equal texts", "near duplicates", "equal bands", "nothing on the driver"],
)
def test_each_way_of_comparing_works_alone(engine, two, tmp_path, dedup, delivered):
    reference, _ = two
    ours = Texts(engine, tmp_path / "ours", [reference], **dedup)
    ours.put(copy=corpus.prose(COPY), near=corpus.near_copy(corpus.prose(NEAR)), other=corpus.prose(OTHER)).run()
    assert ours.delivered == delivered


def test_signatures_that_cannot_be_compared_are_refused_with_the_setting_that_differs(engine, two, tmp_path):
    ours = Texts(engine, tmp_path / "ours", [two[0]], minhash={"n_gram": 4}).put(copy=corpus.prose(COPY))
    with pytest.raises(UnusableReferenceError, match=r"other settings \(n_gram: 5, here 4\): run `tokenlake run"):
        ours.run()


def test_a_lake_that_is_not_there_or_is_the_lake_itself_is_refused_before_anything_starts(engine, two, tmp_path):
    ours = Texts(engine, tmp_path / "ours").put(copy=corpus.prose(COPY))
    ours.settings["against"] = [str(tmp_path / "absent")]
    with pytest.raises(
        UsageError, match=r"dedup\.against\.0: .*/absent: there are no clean documents: `tokenlake run"
    ):
        preflight.check(ours.config, STAGES)
    with pytest.raises(MissingPathError, match="there is no table clean_documents"):
        ours.run()
    ours.settings["against"] = [ours.lake.root + "/"]
    with pytest.raises(UsageError, match="a lake cannot be compared with itself"):
        preflight.check(ours.config, STAGES)
    with pytest.raises(UnusableReferenceError, match="a lake cannot be compared with itself"):
        ours.run()


def family(member):
    """The texts `a1`, `a2`, … are near duplicates of each other."""
    return member[0]


def relative(number, member):
    return corpus.prose(100 + number) + f" This is copy {member} of it."


def test_whatever_the_order_of_growth_the_result_is_that_of_a_run_from_scratch(engine, tmp_path):
    chance = random.Random(7)
    texts = {f"{name}{member}": relative(ord(name), member) for name in "abcdefgh" for member in range(3)}
    reference = Texts(engine, tmp_path / "reference")
    ours = Texts(engine, tmp_path / "ours", [reference])
    choices = {reference: [name for name in texts if name < "f"], ours: [name for name in texts if name > "c"]}
    for lake, names in choices.items():
        lake.put(**{name: texts[name] for name in chance.sample(names, 6)}).run()
    for _ in range(2):
        for lake, names in choices.items():
            there = {path.stem for path in lake.folder.iterdir()}
            arriving = chance.sample(sorted(set(names) - there), 3)
            lake.put(**{name: texts[name] for name in arriving}).drop(*chance.sample(sorted(there), 2))
        reference.run()
        ours.run()
    again = Texts(engine, tmp_path / "again", [reference])
    again.put(**{path.stem: path.read_text() for path in ours.folder.iterdir()}).run()
    columns = ("method", "cluster_id", "cluster_size", "similarity")
    held, expected = (
        {name: [row[column] for column in columns] for name, row in lake.held.items()} for lake in (ours, again)
    )
    assert held == expected != {}
    assert Counter(map(family, ours.delivered)) == Counter(map(family, again.delivered)) != {}


def test_relative_paths_start_from_the_folder_of_the_configuration(tmp_path):
    from jobs.config_paths import anchored

    found = anchored({"dedup": {"against": ["../other", "s3://bucket/lake"]}}, RunConfig, str(tmp_path / "conf"))
    assert found["dedup"]["against"] == [str(tmp_path / "other"), "s3://bucket/lake"]


def test_commits_name_the_versions_that_were_compared(two):
    reference, ours = two
    state = json.loads(ours.lake.last_own_commit("duplicates").metadata.detail["against"])
    assert [(each["lake"], each["signatures"], each["clean_documents"]) for each in state] == [
        (reference.lake.root, 0, 0)
    ]
