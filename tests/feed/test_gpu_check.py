"""The check for a machine with a GPU: its file of rows gives what the table gives, and it runs without Arrow."""

import subprocess
import sys
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from sequence_tables import CAUSAL, append, packed_rows

from training.feed.errors import FeedMisuseError
from training.feed.opening import open_feed
from training.feed_check import gpu_check
from training.feed_check.bundle import is_as_the_table_gave, open_bundle_feed, read_bundle, write_bundle

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")

WITHOUT_ARROW = """
import runpy, sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pyarrow", "deltalake", "pydantic", "yaml"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refused())
sys.argv[1:] = ["--no-compile", "--device", "cpu", "--rows", sys.argv[1]]
runpy.run_module("training.feed_check.gpu_check", run_name="__main__")
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    described = replace(CAUSAL, length=32)
    rows = packed_rows(300, described=described)
    ids = [(np.frombuffer(each, "<u2") % 500).tobytes() for each in rows["ids"].to_pylist()]
    append(root, rows.set_column(rows.schema.names.index("ids"), "ids", [ids]), described=described, files=3)
    return str(root)


@pytest.fixture(scope="module")
def path(lake, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "rows.npz"
    write_bundle(lake, "causal", path)
    return path


def test_a_bundle_gives_the_batches_of_the_table_and_its_state(lake, path):
    bundle = read_bundle(path)
    assert is_as_the_table_gave(bundle)
    state = open_feed(lake, "causal", global_batch_size=6, seed=7).state(samples=290)
    of_table = open_feed(lake, "causal", global_batch_size=6, seed=7, state=state)
    of_bundle = open_bundle_feed(bundle, 6, state)
    for expected, found in zip(islice(of_table, 5), islice(of_bundle, 5), strict=True):  # into the next epoch
        assert np.array_equal(expected.ids, found.ids)
        assert np.array_equal(expected.doc_lengths, found.doc_lengths)
        assert expected.row.tolist() == found.row.tolist()
    assert of_table.state() == of_bundle.state()


def test_a_bundle_with_another_row_is_noticed(path):
    bundle = read_bundle(path)
    ids = bundle.ids.copy()
    ids[:, 3] += 1
    assert not is_as_the_table_gave(replace(bundle, ids=ids))


def test_a_bundle_that_is_not_there_is_named_with_what_makes_it(tmp_path):
    with pytest.raises(FeedMisuseError, match=r"none\.npz: not there.*training\.feed_check\.bundle"):
        read_bundle(tmp_path / "none.npz")


@pytest.mark.slow
def test_the_check_runs_on_a_processor_without_arrow_and_says_so(path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ARROW, str(path)], capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "There is no GPU" in done.stdout
    assert "not measured: there is no GPU" in done.stdout
    assert "FAILED" not in done.stdout


def test_a_resume_at_another_sample_would_be_noticed(path, monkeypatch):
    right = gpu_check.open_bundle_feed

    def one_late(bundle, batch, state=None):
        return right(bundle, batch, {**state, "samples": state["samples"] + batch} if state else None)

    bundle, device = read_bundle(path), torch.device("cpu")
    monkeypatch.setattr(gpu_check, "open_bundle_feed", one_late)
    sizes = replace(gpu_check.sizes_of(device), small=gpu_check.Size(512, 16, 1, 1))
    (line,) = gpu_check._resume(bundle, device, sizes, compiled=False)
    assert line.holds is False


def test_a_table_replaces_that_of_its_kind_of_device_only(tmp_path):
    page = tmp_path / "page.md"
    marks = [f"<!-- gpu check, {kind}: {which} -->" for kind in ("cpu", "cuda") for which in ("begin", "end")]
    page.write_text(f"before\n{marks[0]}\nold\n{marks[1]}\nbetween\n{marks[2]}\nof a GPU\n{marks[3]}\nafter\n")
    gpu_check.write("new", "cpu", page)
    text = page.read_text()
    assert "old" not in text
    assert [text.count(word) for word in ("before", "new", "between", "of a GPU", "after")] == [1, 1, 1, 1, 1]


def test_the_page_of_benchmarks_has_the_markers():
    text = gpu_check.PAGE.read_text()
    for kind in ("cpu", "cuda"):
        assert text.count(f"<!-- gpu check, {kind}: begin -->") == text.count(f"<!-- gpu check, {kind}: end -->") == 1
