"""The limit on rejects counts what one run read, source by source."""

import json
from io import StringIO

import corpus
import pytest

from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter

GOOD = json.dumps({"text": corpus.prose(1)})


class Ingests:
    """Ingests into one lake, from sources in folders of their names."""

    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder

    def write(self, source, file, *lines):
        path = self.folder / source / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n")

    def run(self, stages=("ingest",), **ingest):
        """The exit status, and what was said."""
        said = StringIO()
        names = sorted(path.name for path in self.folder.iterdir() if path.name != "lake")
        data = {
            "lake": str(self.folder / "lake"),
            "sources": [{"name": name, "path": str(self.folder / name)} for name in names],
            "ingest": ingest,
        }
        reporter = Reporter(stream=said)
        return run_stages(self.engine, RunConfig.model_validate(data), reporter, stages, False), said.getvalue()


@pytest.fixture
def ingests(engine, tmp_path):
    return Ingests(engine, tmp_path)


def test_a_run_that_reads_nothing_new_is_not_over_the_limit_again(ingests):
    ingests.write("web", "a.jsonl", "bad", "bad", GOOD)
    assert ingests.run()[0] == 1
    status, said = ingests.run()
    assert (status, "rejected" in said) == (0, False)


def test_a_bad_delivery_is_not_hidden_by_good_ones_of_earlier_runs(ingests):
    ingests.write("web", "a.jsonl", *[GOOD] * 20)
    assert ingests.run()[0] == 0
    ingests.write("web", "b.jsonl", "bad", "bad", GOOD)
    assert ingests.run()[0] == 1


def test_a_good_delivery_is_not_blamed_for_an_earlier_bad_one(ingests):
    ingests.write("web", "a.jsonl", *["bad"] * 20)
    assert ingests.run()[0] == 1
    ingests.write("web", "b.jsonl", GOOD)
    assert ingests.run()[0] == 0


def test_a_bad_source_is_not_hidden_by_a_good_one_and_is_named_with_its_reasons(ingests):
    ingests.write("books", "a.jsonl", *[GOOD] * 20)
    ingests.write("web", "a.jsonl", "bad", "bad", '{"text": " "}', GOOD)
    status, said = ingests.run()
    assert status == 1
    assert "source web: 3 of 4 records were rejected, over ingest.reject_limit = 0.5" in said
    assert "(malformed_json 2, empty 1)" in said
    assert "books" not in said


def test_every_source_over_the_limit_is_named(ingests):
    ingests.write("books", "a.jsonl", "bad")
    ingests.write("web", "a.jsonl", "bad")
    said = ingests.run()[1]
    assert "source books: 1 of 1 records" in said
    assert "source web: 1 of 1 records" in said


def test_all_commits_of_one_run_count_together(ingests):
    ingests.write("web", "a.jsonl", "bad" + " " * 600_000)
    ingests.write("web", "b.jsonl", *[GOOD] * 500)
    assert (ingests.folder / "web" / "b.jsonl").stat().st_size > 500_000
    assert ingests.run(batch_bytes=1 << 20)[0] == 0


def test_a_run_without_ingest_is_not_judged(ingests):
    ingests.write("web", "a.jsonl", "bad", "bad", GOOD)
    ingests.run()
    assert ingests.run(stages=("clean",))[0] == 0
