"""`tokenlake k8s lint`: what it reads, what it prints, and its exit status."""

import io
import json
import shutil
import sys
from pathlib import Path

import pytest

from jobs.cli import main

CLEAN = Path(__file__).parent / "clean"


@pytest.fixture
def faulty(tmp_path):
    """A folder of sound manifests but for one line."""
    folder = tmp_path / "manifests"
    shutil.copytree(CLEAN, folder)
    path = folder / "fields.yaml"
    path.write_text(path.read_text().replace("concurrencyPolicy: Forbid", "concurrencyPolicy: Nope"))
    return folder


def lint(*arguments):
    return main(["k8s", "lint", *map(str, arguments)])


def test_sound_manifests_exit_0(capsys):
    assert lint(CLEAN) == 0
    assert capsys.readouterr().out == "14 objects read: nothing found\n"


def test_a_fault_exits_1_with_file_line_rule_and_what_to_write(faulty, capsys):
    assert lint(faulty) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{faulty}/fields.yaml:12: schedule.policy: ScheduledSparkApplication/ingest: spec.concurrencyPolicy: "
        "'Nope' is no policy",
        "    write: concurrencyPolicy: Forbid",
        "14 objects read: 1 finding",
    ]


def test_json_holds_the_same(faulty, capsys):
    assert lint(faulty, "--json") == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["objects"] == 14
    assert printed["findings"] == [
        {
            "file": f"{faulty}/fields.yaml",
            "line": 12,
            "object": "ScheduledSparkApplication/ingest",
            "path": "spec.concurrencyPolicy",
            "rule": "schedule.policy",
            "wrong": "'Nope' is no policy",
            "remedy": "concurrencyPolicy: Forbid",
        }
    ]


def test_an_ignored_rule_is_not_applied(faulty):
    assert lint(faulty, "--ignore", "schedule.policy") == 0


def test_an_object_names_the_rules_not_to_apply_to_it(faulty):
    path = faulty / "fields.yaml"
    note = "metadata:\n  annotations:\n    tokenlake.io/lint-ignore: schedule.policy, pod.root\n"
    path.write_text(path.read_text().replace("metadata:\n", note, 1))
    assert lint(faulty) == 0


def test_files_are_judged_together(capsys):
    assert lint(CLEAN / "fields.yaml", CLEAN / "namespace.yaml") == 0
    assert lint(CLEAN / "fields.yaml") == 1  # without the account that mounts no token
    assert "account.token" in capsys.readouterr().out


def test_standard_input_is_read(faulty, monkeypatch, capsys):
    text = b"---\n".join(path.read_bytes() for path in sorted(faulty.iterdir()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert lint("-") == 1
    assert capsys.readouterr().out.startswith("standard input:12: schedule.policy: ")


def test_the_objects_of_a_list_are_judged_with_their_lines(tmp_path, capsys):
    path = tmp_path / "list.yaml"
    path.write_text("kind: List\nitems:\n- kind: Namespace\n  metadata:\n    name: a\n")
    assert lint(path) == 1
    assert f"{path}:5: namespace.network: Namespace/a" in capsys.readouterr().out


@pytest.mark.skipif(not (shutil.which("kubectl") or shutil.which("kustomize")), reason="needs kubectl or kustomize")
def test_a_kustomization_is_built_and_findings_name_folder_and_object(faulty, capsys):
    names = sorted(path.name for path in faulty.iterdir())
    (faulty / "kustomization.yaml").write_text(json.dumps({"resources": names}))
    assert lint(faulty) == 1
    start = f"{faulty}: schedule.policy: ScheduledSparkApplication/ingest: spec.concurrencyPolicy: "
    assert capsys.readouterr().out.startswith(start)


def test_without_kustomize_a_kustomization_is_refused_with_what_to_do(faulty, monkeypatch, capsys):
    (faulty / "kustomization.yaml").write_text("resources: [fields.yaml]")
    monkeypatch.setenv("PATH", str(faulty))
    assert lint(faulty) == 2
    assert "neither kubectl nor kustomize is on the PATH" in capsys.readouterr().err


@pytest.mark.skipif(not (shutil.which("kubectl") or shutil.which("kustomize")), reason="needs kubectl or kustomize")
def test_a_kustomization_that_does_not_build_exits_2_with_its_words(tmp_path, capsys):
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]")
    assert lint(tmp_path) == 2
    assert "missing.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind: Job\n  bad: [", ":2: not valid YAML"),
        ("kind: Job\nkind: Job\n", ":2: kind: the key stands twice"),
        ("a: 1\n---\nkind: Job\nspec: {a: 1, a: 2}\n", ":4: spec.a: the key stands twice"),
        ("kind: !!int x", "not valid YAML"),
        ("[" * 1000, "nested too deeply"),
        ("just: text", "no Kubernetes object"),
        ("", "no Kubernetes object"),
    ],
)
def test_what_is_no_manifest_exits_2_and_names_the_line(text, says, tmp_path, capsys):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    assert lint(path) == 2
    assert f"{path}" in (said := capsys.readouterr().err)
    assert says in said


def test_misuse_exits_2(tmp_path, capsys):
    assert lint() == 2
    assert lint(tmp_path / "missing.yaml") == 2
    assert lint(tmp_path) == 2
    assert lint(CLEAN, "--ignore", "pod.rot") == 2
    said = capsys.readouterr().err
    for words in (
        "name a file",
        "missing.yaml: No such file",
        "no *.yaml in this folder",
        "--ignore pod.rot: no such",
    ):
        assert words in said


def test_the_rules_are_listed_without_reading_anything(capsys):
    from jobs.kubernetes.lint.registry import RULES

    assert lint("--rules") == 0
    listed = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert listed == list(RULES)
    assert lint("--rules", "--json") == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == list(RULES)
