"""Benchmarks named in a configuration: what runs find, drop and remove, and what they make again."""

import json
from datetime import UTC, datetime

import pytest

from jobs.cli import UsageError
from jobs.commands import decide, explain
from jobs.commands.explain import trace_document
from jobs.config import RunConfig
from jobs.invariants import check
from jobs.pipeline import run_stages
from jobs.preflight import check as preflight
from jobs.progress import Reporter
from jobs.report.collect import collect
from jobs.report.page import render
from jobs.retraction.request import Note
from jobs.retraction.retraction import retract
from jobs.retraction.selection import Asked
from lake.lake import Lake
from lake.lock import exclusive
from pipelines.policies.policy import Policy

ITEMS = [
    "What is the capital of France, and on which river does the city lie today?",
    "Which of the four gases named below makes up most of the atmosphere of the Earth?",
    "Name the largest moon of the planet Saturn.",
    "Who?",
]
PROSE = (
    "Notes on {0}. Every visitor of the town of {0} walks along the harbour first, since nothing else there is as old "
    "as its walls, and the people who sell fish on the quay know each stone of them by name. In {0} nobody hurries, "
    "for the ferry waits until the last cart has been loaded and the bell of the church of {0} has been rung twice."
)
TEXTS = {
    "clean": PROSE.format("Arden"),
    "one": f"{PROSE.format('Brack')}\n{ITEMS[0]} Paris.\n{PROSE.format('Brackwell')}",
    "short item": f"{PROSE.format('Corve')}\n{ITEMS[2]}\n{PROSE.format('Corvedale')}",
    "mostly": f"A quiz. {ITEMS[0]} {ITEMS[1]} Paris, and nitrogen.",
    "nothing else": f"{ITEMS[1]}\n",
}
POLICY = "rewrite: [c4_lines, repair]\norder: [http]\n"


@pytest.fixture
def made(engine, tmp_path):
    """A folder of texts and a benchmark, for runs up to clean documents."""
    return Made(engine, tmp_path)


@pytest.fixture(scope="module")
def first(engine, tmp_path_factory):
    """The same after one run. Tests read it, and change nothing."""
    made = Made(engine, tmp_path_factory.mktemp("first"))
    made.run()
    return made


class Made:
    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder
        self.policy(POLICY)
        self.benchmark(ITEMS)
        self.texts(TEXTS)
        self.lake = Lake(str(folder / "lake"), engine)

    def texts(self, texts, file="texts"):
        (self.folder / "in").mkdir(exist_ok=True)
        lines = [json.dumps({"text": text, "name": name}) for name, text in texts.items()]
        (self.folder / "in" / f"{file}.jsonl").write_text("\n".join(lines), "utf-8")

    def benchmark(self, items, name="quiz"):
        lines = [json.dumps({"question": item}) for item in items]
        (self.folder / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")

    def policy(self, text):
        (self.folder / "mine.yaml").write_text(text, "utf-8")

    def config(self, names=("quiz",), **settings):
        benchmarks = [{"name": name, "path": str(self.folder / f"{name}.jsonl")} for name in names]
        return RunConfig.model_validate(
            {
                "lake": str(self.folder / "lake"),
                "sources": [{"name": "web", "path": str(self.folder / "in"), "id_column": "name"}],
                "clean": {"policy": str(self.folder / "mine.yaml")},
                "decontaminate": {"benchmarks": benchmarks, **settings},
            }
        )

    def run(self, names=("quiz",), **settings):
        """Runs, and gives the tables that have a new version."""
        before = self.versions()
        stages = ["ingest", "clean", "dedup"]
        assert run_stages(self.engine, self.config(names, **settings), Reporter(log_json=False), stages) == 0
        assert all(invariant.holds for invariant in check(self.lake))
        return {name for name, version in self.versions().items() if before.get(name) != version} - {"runs", "inputs"}

    def versions(self):
        return {name: self.lake.version(name) for name in self.lake.tables()}

    def rows(self, table):
        """The rows of a table by the names of their documents."""
        named = self.lake.read("documents").selectExpr("doc_id", "meta['id'] AS name")
        joined = self.lake.read(table).join(named, on="doc_id", how="inner").toArrow()
        return {row["name"]: row for row in joined.to_pylist(maps_as_pydicts="strict")}

    def reasons(self):
        return {name: row["reasons"] for name, row in self.rows("decisions").items() if row["reasons"]}

    def texts_delivered(self):
        return {name: row["text"] for name, row in self.rows("clean_documents").items()}


def test_overlaps_are_removed_and_texts_of_little_else_dropped(first):
    assert first.reasons() == {
        "mostly": ["decontamination.fraction"],
        "nothing else": ["decontamination.fraction", "text.nothing_left"],
    }
    assert first.texts_delivered() == {
        "clean": TEXTS["clean"],
        "one": TEXTS["one"].replace(f"{ITEMS[0]} ", ""),
        "short item": TEXTS["short item"].replace(f"{ITEMS[2]}\n", ""),
    }
    rewritten = {name: row["rewritten"] for name, row in first.rows("clean_documents").items()}
    assert rewritten == {
        "clean": {},
        "one": {"decontamination": len(ITEMS[0]) + 1},
        "short item": {"decontamination": len(ITEMS[2]) + 1},
    }


def test_the_table_says_what_was_found_where(first):
    rows = first.rows("contamination")
    assert sorted(rows) == ["mostly", "nothing else", "one", "short item"]
    (overlap,) = rows["one"]["overlaps"]
    assert (overlap["benchmark"], overlap["item"]) == ("quiz", 0)
    assert TEXTS["one"][overlap["start"] : overlap["end"]] == ITEMS[0][:-1]
    assert [each["item"] for each in rows["mostly"]["overlaps"]] == [0, 1]


def test_each_overlap_is_explained_with_the_words_of_the_document(first, capsys):
    doc_id = first.rows("decisions")["mostly"]["doc_id"]
    trace = trace_document(first.lake, doc_id)
    assert [(each["benchmark"], each["item"], each["text"]) for each in trace["overlaps"]] == [
        ("quiz", number, ITEMS[number][:-1]) for number in (0, 1)
    ]
    failed = {rule["rule"]: rule["value"] for rule in trace["rules"] if rule["failed"]}
    assert failed == {"decontamination.fraction": (len(ITEMS[0]) + len(ITEMS[1]) - 2) / len(TEXTS["mostly"])}
    explain._print(trace)
    assert f"quiz item 1  83–163  '{ITEMS[1][:-1]}'" in capsys.readouterr().out


def test_what_was_removed_is_explained(first, capsys):
    explain._print(trace_document(first.lake, first.rows("decisions")["one"]["doc_id"]))
    assert f"benchmarks 1 overlap; {len(ITEMS[0]) + 1} characters removed" in capsys.readouterr().out


def test_the_report_counts_for_each_benchmark(first):
    data = collect(first.lake)
    (counted,) = data.benchmarks
    assert counted.model_dump() == {
        "name": "quiz",
        "items": 4,
        "too_short": 1,
        "found": 3,
        "documents": 4,
        "dropped": 2,
        "characters": len(ITEMS[0]) + len(ITEMS[2]) - 2,
    }
    assert '<h3 id="benchmarks">' in render(data)
    assert data.total.dropped == {"decontamination.fraction": 2}


def test_other_thresholds_are_tried_without_comparing_again(first):
    policy = Policy.model_validate(
        {
            "name": "strict",
            "order": ["http"],
            "rewrite": ["repair"],
            "rules": {"decontamination": {"max_fraction": 0.01}},
        }
    )
    proposal = decide.propose(first.lake, policy)
    assert (proposal.dropped, proposal.restored) == (2, 0)
    assert proposal.work.inputs["contamination"] == first.lake.version("contamination")


def test_without_benchmarks_there_is_no_table(made):
    made.run(names=())
    assert "contamination" not in made.lake.tables()
    assert made.reasons() == {}
    assert set(made.texts_delivered()) == set(TEXTS)
    assert not (made.folder / "lake" / "benchmarks").exists()


def test_spans_are_of_the_text_that_c4_leaves(made):
    javascript = "Please enable javascript to see all of this page and its parts.\n"
    split = TEXTS["one"].replace("Brack", "Stow").replace(" river", f"\n{javascript}river")
    made.texts({"one": javascript + TEXTS["one"], "split": split})
    made.run()
    assert made.texts_delivered()["one"] == TEXTS["one"].replace(f"{ITEMS[0]} ", "")
    row = made.rows("contamination")["split"]
    assert (row["overlaps"], len(row["c4_overlaps"])) == ([], 1)


def test_an_edited_benchmark_is_compared_again_and_nothing_is_measured_again(made):
    made.run()
    made.benchmark([*ITEMS[1:], PROSE.format("Arden")])
    assert made.run() == {"contamination", "decisions", "signatures", "duplicates", "clean_documents"}
    assert sorted(made.rows("contamination")) == sorted(TEXTS)  # the prose of all texts is alike
    assert made.run() == set()


def test_a_benchmark_that_moved_is_the_same_benchmark(made):
    made.run()
    (made.folder / "quiz.jsonl").rename(made.folder / "moved.jsonl")
    config = made.config().model_dump(mode="json", exclude_unset=True)
    config["decontaminate"]["benchmarks"][0]["path"] = str(made.folder / "moved.jsonl")
    before = made.versions()
    assert run_stages(made.engine, RunConfig.model_validate(config), Reporter(), ["ingest", "clean", "dedup"]) == 0
    assert made.versions() == before


def test_new_documents_alone_are_compared_and_those_that_leave_take_their_rows_along(made):
    made.run()
    made.texts({"later": TEXTS["one"].replace("Brack", "Later"), "also clean": PROSE.format("Dunmere")}, file="later")
    made.run()
    commit = made.lake.last_own_commit("contamination")
    assert (commit.metadata.mode, commit.rows_out) == ("append", 1)
    assert ITEMS[0] not in made.texts_delivered()["later"]
    made.texts({"clean": TEXTS["clean"], "short item": TEXTS["short item"]})
    made.run()
    assert sorted(made.rows("contamination")) == ["later", "short item"]
    assert made.lake.rows("contamination") == 2


def test_a_policy_has_its_own_thresholds(made):
    made.policy(f"{POLICY}rules:\n  decontamination: {{max_fraction: 0, max_passages: 0}}\n")
    made.run()
    assert made.reasons() == {"nothing else": ["text.nothing_left"]}
    assert made.texts_delivered()["mostly"] == "A quiz. Paris, and nitrogen."


def test_a_policy_that_keeps_and_rewrites_nothing_leaves_overlaps_alone(made):
    made.policy("rewrite: []\norder: []\n")
    made.run()
    assert made.reasons() == {}
    assert made.texts_delivered() == TEXTS
    assert len(made.rows("contamination")) == 4


def test_no_words_of_a_benchmark_lie_in_the_lake_and_one_no_longer_named_no_longer_counts(made):
    made.benchmark(["Zebras quickly vex jumping wizards while forty fat dwarves boldly fix the old organ pipes"])
    made.run()
    files = [path for path in (made.folder / "lake").rglob("*") if path.is_file()]
    assert any(path.suffix == ".index" for path in files)
    assert not any(b"wizard" in path.read_bytes().lower() for path in files)
    made.run(names=())
    assert made.reasons() == {}
    assert collect(made.lake).benchmarks == ()
    assert "overlaps" not in trace_document(made.lake, made.rows("decisions")["one"]["doc_id"]).get(
        "contamination", {}
    )


def test_a_benchmark_that_cannot_be_read_is_named_before_anything_runs(made):
    with pytest.raises(UsageError, match=r"decontaminate\.benchmarks\.1: benchmark 'gone'"):
        preflight(made.config(("quiz", "gone")), ["clean"])


def test_a_document_is_retracted_where_the_benchmark_has_moved_since(made, engine):
    made.run()
    one = made.rows("decisions")["one"]["doc_id"]
    (made.folder / "quiz.jsonl").unlink()
    with exclusive(made.lake.root):
        outcome = retract(
            made.lake, engine, Reporter(log_json=False), Asked(doc_ids=(one,)), Note(None, datetime.now(UTC))
        )
    assert not outcome.unfinished
    assert sorted(made.rows("contamination")) == ["mostly", "nothing else", "short item"]
    assert one not in {row["doc_id"] for row in made.rows("clean_documents").values()}
