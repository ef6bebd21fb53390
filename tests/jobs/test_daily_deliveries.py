"""`--date`: an ingest that reads the files of one day.

docs/how-to/daily-deliveries.md says what it means.
"""

import shutil
import zipfile
from datetime import date, timedelta
from pathlib import Path

import lake_rows
import process_tree
import pytest
import yaml
from delivered import Repeated, line, text
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from kill_campaign import kill_at_commit

from jobs.dates import done
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from pipelines.readers.finding import SourceError
from pipelines.semantics import READING

FIRST = date(2026, 11, 19)
DAYS = [FIRST + timedelta(number) for number in range(4)]
TABLES = ("documents", "rejects", "inputs")
VERSION = str(READING.version)
OF_A_RUN = {"run_id", "recorded_at", "ingested_at", "known", "bytes_read", "stamp"}


def deliver(folder: Path, day: date, *topics: str) -> None:
    """A file with a document for each topic and one bad line."""
    made = folder / f"dt={day}"
    made.mkdir(parents=True, exist_ok=True)
    lines = [line(text(topic)) for topic in topics]
    (made / f"{topics[0]}.jsonl").write_text("\n".join([*lines, "{"]) + "\n")


class Daily(Repeated):
    """Ingests from a folder with a folder for each day."""

    def __init__(self, engine, root: Path) -> None:
        super().__init__(engine, root)
        self.folder = root / "in"
        self.source = {"name": "web", "path": f"{self.folder}/dt={{date}}/*.jsonl"}
        self.engine = engine

    def ingest(self, day: date | None = None, *more, **sections) -> set[str]:
        """Returns the tables with a new version."""
        before = self.versions()
        sections.setdefault("ingest", {"reject_limit": 1})
        config = self.config({**self.source, **sections.pop("source", {})}, *more, **sections)
        run_stages(self.engine, config, Reporter(), ["ingest"], conclude=False, day=day)
        return {name for name, version in self.versions().items() if before.get(name) != version} - {"runs"}

    def rows(self, table: str) -> list[str]:
        """What a run over everything would give too."""
        columns = [name for name in self.lake.schema(table).names if name not in OF_A_RUN]
        return sorted(map(repr, self.lake.read_here(table, columns).to_pylist()))

    def details(self) -> list[dict[str, str]]:
        """Of all commits of the three tables."""
        return [dict(commit.metadata.detail) for table in TABLES for commit in self.lake.commits(table)]

    def recorded(self) -> list[dict[str, str]]:
        """What the table `runs` says of each ingest, oldest first."""
        rows = self.lake.read_here("runs", ["detail", "finished_at"]).to_pylist()
        return [dict(row["detail"]) for row in sorted(rows, key=lambda row: row["finished_at"])]


@pytest.fixture
def daily(engine, tmp_path) -> Daily:
    made = Daily(engine, tmp_path)
    for day, topic in zip(DAYS, ("ferry", "harbour", "lighthouse", "storm"), strict=True):
        deliver(made.folder, day, topic)
    return made


def test_only_the_files_of_the_day_are_read(daily):
    daily.ingest(DAYS[1])
    assert daily.documents() == {"dt=2026-11-20/harbour.jsonl": [text("harbour")]}
    assert daily.ingest(DAYS[1]) == set()


def test_files_of_other_days_are_neither_new_nor_gone(daily):
    daily.ingest(DAYS[0])
    shutil.rmtree(daily.folder / f"dt={DAYS[0]}")
    daily.ingest(DAYS[1])
    assert sorted(daily.documents()) == ["dt=2026-11-19/ferry.jsonl", "dt=2026-11-20/harbour.jsonl"]
    daily.ingest()
    assert sorted(daily.documents()) == [
        f"dt={DAYS[n]}/{t}.jsonl" for n, t in ((1, "harbour"), (2, "lighthouse"), (3, "storm"))
    ]


def test_a_file_of_the_day_that_is_gone_is_retracted_unless_the_source_keeps_it(daily):
    deliver(daily.folder, DAYS[0], "quay")
    daily.ingest()
    (daily.folder / f"dt={DAYS[0]}" / "ferry.jsonl").unlink()
    assert daily.ingest(DAYS[0], source={"on_delete": "keep"}) == set()
    daily.ingest(DAYS[0])
    assert "dt=2026-11-19/ferry.jsonl" not in daily.documents()
    assert len(daily.documents()) == 4


def test_an_archive_of_the_day_that_is_gone_is_retracted_also_beyond_the_root_of_the_source(daily):
    first, second = (daily.folder / f"dt={day}" for day in DAYS[:2])
    for folder in (first, second):
        with zipfile.ZipFile(folder / "more.zip", "w") as archive:
            archive.writestr("inner.jsonl", line(text(folder.name)))
    daily.ingest(source={"path": str(first)})
    wider = {"path": f"{daily.folder}/dt={{date}}"}
    daily.ingest(DAYS[1], source=wider)
    assert sorted(daily.documents()) == [
        "../dt=2026-11-20/harbour.jsonl", "../dt=2026-11-20/more.zip!/inner.jsonl", "ferry.jsonl",
        "more.zip!/inner.jsonl",
    ]  # fmt: skip
    (first / "more.zip").unlink()
    (second / "more.zip").unlink()
    daily.ingest(DAYS[1], source=wider)
    assert sorted(daily.documents()) == ["../dt=2026-11-20/harbour.jsonl", "ferry.jsonl", "more.zip!/inner.jsonl"]
    daily.ingest(DAYS[0], source=wider)
    assert sorted(daily.documents()) == ["../dt=2026-11-20/harbour.jsonl", "ferry.jsonl"]


def test_a_known_day_that_is_gone_is_retracted_if_other_days_are_there(daily):
    daily.ingest()
    shutil.rmtree(daily.folder / f"dt={DAYS[0]}")
    daily.ingest(DAYS[0])
    assert len(daily.documents()) == 3


def test_a_known_day_that_is_gone_with_all_others_stops_the_run(daily):
    daily.ingest()
    for folder in daily.folder.iterdir():
        shutil.rmtree(folder)
    with pytest.raises(SourceError, match="'web': no file at"):
        daily.ingest(DAYS[0])
    assert len(daily.documents()) == 4


def test_a_day_of_another_folder_than_the_source_s_is_refused(daily, tmp_path):
    daily.ingest(DAYS[0])
    deliver(tmp_path / "other", DAYS[1], "elsewhere")
    with pytest.raises(SourceError, match="is another folder"):
        daily.ingest(DAYS[1], source={"path": f"{tmp_path}/other/dt={{date}}/*.jsonl"})
    moved = daily.folder.rename(tmp_path / "moved")
    daily.ingest(DAYS[1], source={"path": f"{moved}/dt={{date}}/*.jsonl"})
    assert sorted(daily.documents()) == ["dt=2026-11-19/ferry.jsonl", "dt=2026-11-20/harbour.jsonl"]


def test_sources_without_a_date_are_left_alone(daily, tmp_path):
    (tmp_path / "book.txt").write_text(text("book"))
    book = {"name": "book", "path": f"{tmp_path}/book.txt"}
    daily.ingest(DAYS[0], book)
    assert sorted(daily.documents()) == ["dt=2026-11-19/ferry.jsonl"]
    daily.ingest(None, book)
    (tmp_path / "book.txt").unlink()
    assert daily.ingest(DAYS[0], book) == set()
    assert "book.txt" in daily.documents()


def test_a_day_without_files_says_so_and_later_stages_can_go_on(daily, capsys):
    sunday = DAYS[3] + timedelta(1)
    assert daily.ingest(sunday) == set(TABLES)
    assert "source web: no files of 2026-11-23" in capsys.readouterr().err
    run_stages(daily.engine, daily.config(daily.source), Reporter(), ["clean", "dedup"], conclude=False)
    assert daily.lake.read("clean_documents").count() == 0
    assert daily.ingest(sunday) == set()


def test_all_commits_of_a_day_name_it_and_so_does_the_table_runs(daily):
    daily.ingest(DAYS[0])
    assert [detail["date"] for detail in daily.details()] == ["2026-11-19"] * 3
    assert done(daily.lake, "ingest") == {DAYS[0]}
    assert done(daily.lake, "clean") == set()
    daily.ingest()
    assert [detail.get("date") for detail in daily.details()] == [None, "2026-11-19"] * 3  # newest first
    assert done(daily.lake, "ingest") == {DAYS[0]}


class Interrupted(Reporter):
    """Ends the run as Ctrl-C does, when the second batch is read."""

    def event(self, name: str, message: str = "", /, **fields: object) -> None:
        super().event(name, message, **fields)
        self.batches = getattr(self, "batches", 0) + (name == "reading")
        if self.batches == 2:
            raise KeyboardInterrupt


def test_a_day_is_done_once_its_last_batch_is_there(daily):
    for number in range(3):
        lines = [line(text(f"wave {number}")) for _ in range(3_000)]
        (daily.folder / f"dt={DAYS[0]}" / f"{number}.jsonl").write_text("\n".join(lines))
    limits = {"reject_limit": 1, "batch_bytes": 1 << 20}
    config = daily.config(daily.source, ingest=limits)
    with pytest.raises(KeyboardInterrupt):
        run_stages(daily.engine, config, Interrupted(), ["ingest"], conclude=False, day=DAYS[0])
    daily.ingest(DAYS[1])
    assert daily.recorded() == [
        {"date": "2026-11-19", "batch": "1 of 4", "semantics": VERSION},
        {"date": "2026-11-20", "semantics": VERSION},
    ]
    assert done(daily.lake, "ingest") == {DAYS[1]}
    daily.ingest(DAYS[0], ingest=limits)
    assert done(daily.lake, "ingest") == {DAYS[0], DAYS[1]}


def test_a_day_with_a_file_that_is_to_be_tried_again_is_not_done(daily):
    target = daily.folder / "later.jsonl"
    (daily.folder / f"dt={DAYS[0]}" / "link.jsonl").symlink_to(target)
    daily.ingest(DAYS[0])
    assert done(daily.lake, "ingest") == set()
    target.write_text(line(text("rope")))
    daily.ingest(DAYS[0])
    assert done(daily.lake, "ingest") == {DAYS[0]}


STEPS = st.sampled_from([*range(len(DAYS)), *range(len(DAYS)), "all", "grow", "gone", "back"])


@settings(max_examples=12, database=None, phases=[Phase.explicit, Phase.generate])
@given(order=st.permutations(range(len(DAYS))), steps=st.lists(STEPS, max_size=6))
def test_days_in_any_order_and_again_make_the_rows_of_one_run_over_everything(engine, tmp_path_factory, order, steps):
    days = Daily(engine, tmp_path_factory.mktemp("days"))
    for number, day in enumerate(DAYS):
        deliver(days.folder, day, f"topic {number}", "shared")
        deliver(days.folder, day, "second")
    changing = days.folder / f"dt={DAYS[1]}" / "second.jsonl"
    for step in steps:
        if step == "all":
            days.ingest()
        elif step == "grow":
            deliver(days.folder, DAYS[1], "second", "third")
        elif step == "gone":
            changing.unlink(missing_ok=True)
        elif step == "back":
            deliver(days.folder, DAYS[1], "second")
        else:
            days.ingest(DAYS[step])
    for number in order:
        days.ingest(DAYS[number])
    whole = Daily(engine, tmp_path_factory.mktemp("whole"))
    whole.source = days.source
    whole.ingest()
    for table in TABLES:
        assert days.rows(table) == whole.rows(table)
    assert days.ingest() == set()


def killed_after_documents(config, lake):
    """Ingests a day into a new lake with a kill between the commits of documents and inputs; False: it came late."""
    shutil.rmtree(lake, ignore_errors=True)
    started = process_tree.start(config, "--date", str(DAYS[0]), command=("stage", "ingest"))
    return kill_at_commit(started, lake, "documents") and not Lake(str(lake)).exists("inputs")


@pytest.mark.slow
def test_a_day_that_was_killed_between_its_commits_is_finished_under_its_own_name(daily, tmp_path):
    config = tmp_path / "daily.yaml"
    settings = daily.config(daily.source, ingest={"reject_limit": 1}).model_dump(mode="json", exclude_unset=True)
    config.write_text(yaml.safe_dump(settings))
    lake = Path(daily.lake.root)
    assert any(killed_after_documents(config, lake) for _ in range(10)), "every run committed inputs before its kill"
    assert process_tree.start(config, "--date", str(DAYS[1]), command=("stage", "ingest")).wait() == 0
    assert done(Lake(str(lake)), "ingest") == {DAYS[0], DAYS[1]}
    whole = Daily(daily.engine, tmp_path / "whole")
    whole.source = daily.source
    for day in DAYS[:2]:
        whole.ingest(day)
    assert [list(lake_rows.rows(lake, table)) for table in TABLES] == [
        list(lake_rows.rows(Path(whole.lake.root), table)) for table in TABLES
    ]
