"""Every reader against damaged files: no crash, no hang, memory bounded, every record accounted for.

A fixed small part of what `make fuzz-full` does.
"""

import case
import fuzz_campaign
import pytest
from targets import AVAILABLE, TARGETS

from pipelines.readers.config import SourceConfig
from pipelines.readers.formats import CODECS, FORMATS


def test_every_format_and_every_compression_is_a_target(tmp_path):
    from pipelines.readers.listing import list_files

    found = set()
    for target in TARGETS.values():
        path = tmp_path / target.name
        for content in target.files()[:1]:
            path.write_bytes(content)
            config = SourceConfig(name="s", path=str(path), **target.options[0])
            found |= {(file.format, file.codec) for file in list_files(config)}
            path.unlink()
    assert {name for name, _ in found} >= set(FORMATS)
    assert {codec for _, codec in found} >= {"", *CODECS.values()}


@pytest.mark.parametrize("target", AVAILABLE)
def test_undamaged_files_are_mostly_documents(target):
    """Were they not, damage would not be seen."""
    chosen = TARGETS[target]
    (file, *_) = chosen.files()
    whole = case.Case(target, 0, file, file, (), dict(chosen.options[0]), (len(file) // 3 + 1,))
    documents, rejects = case.check(whole)
    assert documents > rejects


@pytest.mark.slow
def test_damaged_files_are_read_without_findings(tmp_path):
    campaign = fuzz_campaign.Campaign(AVAILABLE, 0, tmp_path)
    campaign.run(children=1, cases=8)
    print(fuzz_campaign.table(campaign.rows))
    assert all(row.cases == 8 for row in campaign.rows.values())
    assert [finding for row in campaign.rows.values() for finding in row.findings] == []


@pytest.mark.parametrize(
    ("sick", "finding"),
    [
        ("os.abort()", "ends the process with status -6"),
        ("time.sleep(60)", "hangs"),
        ("bytearray(1 << 40)", "MemoryError"),
        ("hoard.append(bytearray(b'x') * (500 << 20))", "grew by"),
        ("burn(time.process_time() + 3)", "s of CPU"),
    ],
)
def test_a_reader_that_crashes_hangs_or_eats_memory_is_found(tmp_path, sick, finding):
    """The watch can find something: a reader is broken on purpose, in the child."""
    program = tmp_path / "sick_child.py"
    program.write_text(
        "import os, time, case, child\n"
        "hoard, healthy = [], case.check\n"
        "case.CPU_SECONDS = 2.0\n"
        "def burn(until):\n"
        "    while time.process_time() < until: pass\n"
        "def check(one):\n"
        f"    if one.name == 'jsonl/1': {sick}\n"
        "    return healthy(one)\n"
        "case.check = check\n"
        "child.main()\n"
    )
    watched = fuzz_campaign.Child(program, case_seconds=8.0 if "sleep" in sick else 30.0)
    try:
        assert finding in watched.run("jsonl/1").finding
        assert watched.run("jsonl/2").finding == ""
    finally:
        watched.stop()
