"""`tokenlake k8s lint` finds each seeded fault, says where it stands, and finds nothing else."""

from pathlib import Path

import pytest
from lint_faults import FAULTS, HERE

from jobs.kubernetes.lint.findings import findings
from jobs.kubernetes.lint.read import documents
from jobs.kubernetes.lint.registry import RULES

CLEAN = Path(__file__).parent / "clean"


def test_sound_manifests_have_no_finding():
    assert [each.text for each in findings(documents(str(CLEAN)))] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.rule)
def test_a_seeded_fault_is_found_where_it_stands_and_nothing_else_is(fault, tmp_path):
    texts = {path.name: path.read_text() for path in CLEAN.iterdir()}
    for file, old, new in fault.changes:
        assert texts[file].count(old) == 1, f"{old!r} must stand once in {file}"
        texts[file] = texts[file].replace(old, new)
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    marked = [
        (str(tmp_path / name), number)
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if HERE in line
    ]
    assert len(marked) == 1
    found = findings(documents(str(tmp_path)))
    assert {each.rule for each in found} == {fault.rule}, [each.text for each in found]
    assert marked[0] in {(each.file, each.line) for each in found}, [each.text for each in found]


def test_every_rule_has_a_seeded_fault():
    assert {fault.rule for fault in FAULTS} == set(RULES)
