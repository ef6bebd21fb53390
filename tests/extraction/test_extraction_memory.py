"""An extractor without memory: a page that asks for ever more is rejected; a machine short of it ends the run."""

import subprocess
import sys

import pytest

from pipelines.extraction import child, extract
from pipelines.extraction.extractors import ExtractionError

PAGE = "<html><body><p>A page.</p></body></html>"

LIMITED = """
import resource, sys
from pipelines.extraction.extract import extract
from pipelines.extraction.extractors import main_text

large = "<html><body>" + "<div><p>A paragraph of very many.</p></div>" * 400_000 + "</body></html>"
read, limit = {"here": main_text, "child": lambda page, name: extract(page, name, 60)}[sys.argv[1]], int(sys.argv[2])
read("<p>Import everything.</p>", "resiliparse")
resource.setrlimit(resource.RLIMIT_DATA, (limit << 20, limit << 20))
try:
    read(large, "resiliparse")
except BaseException as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("where", ["here", "child"])
def test_a_machine_without_the_memory_is_no_fault_of_the_page(where):
    answer = subprocess.run([sys.executable, "-c", LIMITED, where, "250"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("MemoryError"), answer


def test_a_page_that_takes_all_that_a_process_may_take_is_at_fault(monkeypatch):
    monkeypatch.setattr(child, "is_taken_up", lambda: True)
    assert (
        child._about_memory("trafilatura", MemoryError()) == b"\1trafilatura: the page needs more than 4 GiB of memory"
    )


def costly(pages: int) -> str:
    return "<html><body>" + "<div><p>A paragraph.</p></div>" * pages + "</body></html>"


@pytest.mark.parametrize(("kills", "expected"), [([3, 3], ExtractionError), ([3, 4], MemoryError)])
def test_a_process_that_was_killed_because_memory_ran_out_is_told_from_one_that_died(monkeypatch, kills, expected):
    """The kernel's counter stands still or goes up while a child works, which here ends by itself."""
    process = extract.Child("resiliparse")
    try:
        process.extract(PAGE, 60)
        counted = iter(kills)
        monkeypatch.setattr(extract, "killed_for_memory", lambda: next(counted))
        monkeypatch.setattr(extract, "_send", lambda process, message: process.kill())
        with pytest.raises(expected):
            process.extract(costly(10), 60)
    finally:
        process.stop()
