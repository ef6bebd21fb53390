"""`tokenlake` as a user meets it: exit status, messages, help, doctor, and what reaches standard error."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import corpus
import pytest
import yaml

from jobs import cli
from jobs.arguments import STAGES, parser
from jobs.commands.run import configuration
from jobs.dates import day

COMMANDS = (
    "run",
    "stage",
    "tables",
    "explain",
    "decide",
    "report",
    "check",
    "upgrade",
    "maintain",
    "metrics",
    "pin",
    "unpin",
    "retract",
    "doctor",
)


@pytest.fixture
def config(tmp_path):
    """Writes a config of a lake and one source, with what is added to it, and returns its path."""

    def write(more=""):
        folder = tmp_path / "texts"
        folder.mkdir(exist_ok=True)
        (folder / "a.txt").write_text("Some text.")
        path = tmp_path / "run.yaml"
        path.write_text(f"lake: {tmp_path / 'lake'}\nsources:\n  - name: texts\n    path: {folder}\n{more}")
        return str(path)

    return write


@pytest.fixture(autouse=True)
def no_session(request, monkeypatch):
    """What is tested in this process fails before a session starts, or at most asks for one."""
    if "starts_a_process" not in request.fixturenames:
        from jobs.engine.sail import SailEngine

        def refuse(*_, **__):
            raise AssertionError("a session was asked for")

        monkeypatch.setattr(SailEngine, "start", refuse)


@pytest.fixture
def starts_a_process():
    """Says that a test starts an engine, in a process of its own."""


def fails(capsys, *arguments, status=2):
    """Runs a command that must end with a status; returns what it says on standard error."""
    try:
        found = cli.main([str(argument) for argument in arguments])
    except SystemExit as stop:  # argparse
        found = stop.code
    output = capsys.readouterr()
    assert found == status, output.err
    assert output.out == ""
    assert "Traceback" not in output.err
    return output.err


def test_an_unknown_key_is_told_with_file_line_and_key(capsys, config):
    path = config("clean:\n  polic: gopher\n")
    assert f"{path}:6: clean.polic: unknown key" in fails(capsys, "run", path)


def test_a_wrong_value_is_told_with_file_line_and_key(capsys, config):
    path = config("ingest:\n  reject_limit: 3\n")
    assert f"{path}:6: ingest.reject_limit: " in fails(capsys, "run", path)


def test_an_unknown_format_is_told_with_file_line_and_key(capsys, config):
    path = config("    format: docx\n")
    message = fails(capsys, "run", path)
    assert f"{path}:5: sources.0.format: unknown format 'docx'; known: auto, " in message


def test_a_config_that_is_not_there_is_named(capsys, tmp_path):
    assert f"{tmp_path}/no.yaml: No such file" in fails(capsys, "run", tmp_path / "no.yaml")


def test_a_config_that_is_no_yaml_is_told_with_its_line(capsys, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("lake: [\n")
    assert f"{path}:2: not valid YAML" in fails(capsys, "run", path)


@pytest.mark.parametrize("override", ["lake", "clean.polic=gopher", "pack.7.length=128", "ingest.reject_limit=much"])
def test_a_bad_override_is_told_with_its_key(capsys, config, override):
    assert override.partition("=")[0] in fails(capsys, "run", config(), "--set", override)


def test_an_input_that_is_not_there_is_named(capsys, config):
    assert "--input nowhere/at-all: no such file or folder" in fails(
        capsys, "run", config(), "--input", "nowhere/at-all"
    )


def test_only_input_needs_an_input(capsys, config):
    assert "--only-input needs --input" in fails(capsys, "run", config(), "--only-input")


def test_a_source_that_is_not_there_is_told_with_its_key(capsys, config, tmp_path):
    path = config(f"  - name: gone\n    path: {tmp_path}/gone\n")
    message = fails(capsys, "run", path)
    assert f"sources.1.path: {tmp_path}/gone: no such file or folder" in message


def test_a_day_that_is_none_is_refused(capsys, config):
    message = fails(capsys, "run", config(), "--date", "2026-02-30")
    assert "'2026-02-30' is no day: write YYYY-MM-DD" in message


def test_a_run_of_a_day_needs_a_source_that_tells_days_apart(capsys, config):
    path = config()
    message = fails(capsys, "stage", "ingest", path, "--date", "2026-11-20")
    assert f"{path}: --date 2026-11-20: no source has {{date}} in its path" in message


def test_a_stage_that_knows_no_days_refuses_one(capsys, config):
    message = fails(capsys, "stage", "clean", config(), "--date", "2026-11-20")
    assert "the stage clean knows no days" in message


def test_a_source_without_days_need_not_be_there_in_a_run_of_a_day(config, tmp_path):
    path = config(f"  - name: gone\n    path: {tmp_path}/gone\n  - name: web\n    path: {tmp_path}/{{date}}\n")
    given = parser().parse_args(["run", path, "--date", "2026-11-20"])
    assert [source.name for source in configuration(given, STAGES, day(given.date)).sources] == [
        "texts",
        "gone",
        "web",
    ]


def test_an_unknown_policy_is_told_with_its_key_and_those_there_are(capsys, config):
    message = fails(capsys, "run", config("clean: {policy: gofer}\n"))
    assert "clean.policy: unknown policy 'gofer'; known: " in message
    assert "gopher" in message


def test_a_wrong_policy_file_is_told_with_file_line_and_key(capsys, config, tmp_path):
    policy = tmp_path / "mine.yaml"
    policy.write_text("extends: gopher\nrules:\n  gopher_quality:\n    short_dok: 5\n")
    message = fails(capsys, "run", config(f"clean: {{policy: {policy}}}\n"))
    assert f"clean.policy: {policy}:4: " in message
    assert "short_dok" in message


def test_decide_names_an_unknown_policy(capsys, tmp_path):
    assert "unknown policy 'gofer'; known: " in fails(capsys, "decide", tmp_path, "gofer")


def test_a_tokenizer_to_load_must_be_there(capsys, config, tmp_path):
    message = fails(capsys, "run", config(f"tokenizer: {{load: {tmp_path}/tokenizer.json}}\n"))
    assert f"tokenizer.load: cannot read the tokenizer {tmp_path}/tokenizer.json: No such file" in message


def test_a_tokenizer_to_load_must_be_one(capsys, config, tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    message = fails(capsys, "run", config(f"tokenizer: {{load: {tmp_path}/tokenizer.json}}\n"))
    assert f"tokenizer.load: {tmp_path}/tokenizer.json is not a tokenizer.json" in message


def test_a_loaded_tokenizer_must_have_the_token_that_ends_documents(capsys, config, tmp_path):
    from tokenizers import Tokenizer, models

    Tokenizer(models.BPE({"a": 0, "b": 1}, [])).save(str(tmp_path / "tokenizer.json"))
    message = fails(capsys, "run", config(f"tokenizer: {{load: {tmp_path}/tokenizer.json}}\n"))
    assert "pack.0: the tokenizer has none of " in message


def test_a_language_model_must_be_there(capsys, config, tmp_path):
    path = config("ingest: {language_model: no/model.ftz}\n")
    assert f"{path}: ingest.language_model: {tmp_path}/no/model.ftz: no such file" in fails(capsys, "run", path)


def test_a_list_of_addresses_must_be_there(capsys, config, tmp_path):
    path = config("clean: {urls: {words: [bad.txt]}}\n")
    assert f"{path}: clean.urls.words: {tmp_path}/bad.txt: no such file" in fails(capsys, "run", path)


def test_a_policy_file_must_be_there(capsys, config, tmp_path):
    path = config("clean: {policy: mine.yaml}\n")
    message = fails(capsys, "run", path)
    assert f"{path}: clean.policy: {tmp_path}/mine.yaml: cannot be read: No such file or directory" in message


def test_a_run_without_sources_is_told_what_to_add(capsys, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("")
    assert f"{path}: sources: there is nothing to read: name a source, or add --input" in fails(capsys, "run", path)
    assert not (tmp_path / "lakes").exists()


def test_an_unknown_stage_is_told_with_those_there_are(capsys, config):
    message = fails(capsys, "stage", "wash", config())
    assert "'wash'" in message
    assert all(stage in message for stage in STAGES)


def test_a_stage_checks_only_what_it_uses(config):
    from jobs import preflight
    from jobs.config import RunConfig
    from jobs.yaml_config import load

    wrong = load(config("clean: {policy: gofer}\ntokenizer: {load: no.json}\n"), RunConfig)
    preflight.check(wrong, ["ingest"])
    with pytest.raises(cli.UsageError, match=r"clean\.policy"):
        preflight.check(wrong, ["clean"])
    with pytest.raises(cli.UsageError, match=r"tokenizer\.load"):
        preflight.check(wrong, ["pack"])


def test_no_command_is_bad_usage(capsys):
    assert "usage: tokenlake" in fails(capsys)


@pytest.mark.parametrize(
    "command",
    [
        ("tables",),
        ("explain", "0f"),
        ("decide", "gopher"),
        ("report",),
        ("check",),
        ("upgrade",),
        ("maintain",),
        ("metrics",),
        ("pin", "--list"),
    ],
)
def test_a_lake_that_is_not_there_is_named_with_how_to_make_one(capsys, tmp_path, command):
    name, *others = command
    message = fails(capsys, name, tmp_path / "no-lake", *others)
    assert f"{tmp_path}/no-lake: no tables there; `tokenlake run CONFIG --lake {tmp_path}/no-lake` makes" in message


def test_an_error_is_one_json_line_when_asked(capsys, config):
    message = fails(capsys, "run", config("clean: {policy: gofer}\n"), "--log-json")
    last = json.loads(message.splitlines()[-1])
    assert (last["event"], last["kind"], last["status"]) == ("error", "UsageError", 2)


def test_a_failed_run_says_how_to_see_more(capsys, config):
    message = fails(capsys, "run", config(), status=1)  # no_session makes it fail
    assert "a session was asked for" in message
    assert "--traceback" in message


def test_a_traceback_is_shown_when_asked(config):
    with pytest.raises(AssertionError, match="a session was asked for"):
        cli.main(["run", config(), "--traceback"])


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(capsys, command):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    output = capsys.readouterr().out
    assert stop.value.code == 0
    assert f"  tokenlake {command} " in output.partition("examples:")[2] + " "


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    output = capsys.readouterr().out
    assert all(f"\n    {command} " in output for command in COMMANDS)


PROGRAM = """
import sys, time
started = time.process_time()
from jobs import cli
try: status = cli.main(sys.argv[1:])
except SystemExit as stop: status = stop.code
seconds = time.process_time() - started
heavy = [name for name in ("pyspark", "pyarrow", "numpy", "pandas", "numba", "deltalake") if name in sys.modules]
print(status, seconds, *heavy, file=sys.stderr)
"""


def costs(*arguments):
    """(status, seconds of processor time, heavy packages) of a command, in a process that has imported nothing."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
    status, seconds, *heavy = done.stderr.splitlines()[-1].split()
    return int(status), float(seconds), heavy


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["doctor", "--help"]], ids=" ".join)
def test_help_comes_at_once(arguments):
    tries = [costs(*arguments) for _ in range(3)]
    assert {(status, *heavy) for status, _, heavy in tries} == {(0,)}
    assert min(seconds for _, seconds, _ in tries) < 0.3


def test_a_bad_configuration_is_told_without_an_engine(config):
    status, seconds, heavy = costs("run", config("colour: red\n"))
    assert (status, "pyspark" in heavy) == (2, False)
    assert seconds < 2


def test_an_engine_that_is_none_is_told_with_those_there_are(capsys, config, monkeypatch):
    assert "'duck'" in fails(capsys, "run", config(), "--engine", "duck")
    monkeypatch.setenv("TOKENLAKE_ENGINE", "duck")
    assert "$TOKENLAKE_ENGINE: 'duck' is no engine; known: auto, sail, spark, connect" in fails(
        capsys, "run", config()
    )


def test_engine_connect_needs_an_address(capsys, config, monkeypatch):
    monkeypatch.delenv("SPARK_REMOTE", raising=False)
    assert "set SPARK_REMOTE to the server's address" in fails(capsys, "run", config(), "--engine", "connect")


@pytest.mark.parametrize("mark", ["%41", "\\", "\t"], ids=ascii)
def test_a_lake_whose_path_no_log_can_name_is_refused_before_anything_is_written(capsys, config, tmp_path, mark):
    lake = tmp_path / f"a{mark}lake"
    message = fails(capsys, "run", config(), "--lake", lake)
    assert f"a lake's path may not hold {mark!r}" in message
    assert not lake.exists()


# doctor


def found(capsys):
    """Finding -> mark, of what doctor says."""
    return {line.split()[1]: line.split()[0] for line in capsys.readouterr().out.splitlines()}


def test_doctor_finds_what_this_machine_has(capsys):
    assert cli.main(["doctor"]) == 0
    marks = found(capsys)
    assert {marks[name] for name in ("python", "packages", "engine", "memory", "cores")} == {"ok"}


def test_doctor_names_the_engine_and_why(capsys, monkeypatch):
    monkeypatch.delenv("TOKENLAKE_ENGINE", raising=False)
    monkeypatch.delenv("SPARK_REMOTE", raising=False)
    assert cli.main(["doctor"]) == 0
    assert "engine       sail: it runs in this process and needs no Java\n" in capsys.readouterr().out
    monkeypatch.setenv("TOKENLAKE_ENGINE", "duck")
    assert cli.main(["doctor"]) == 1
    assert "MISSING  engine       for everything: $TOKENLAKE_ENGINE: 'duck' is no engine" in capsys.readouterr().out


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nonsense"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("jobs.engine.spark.java.INSTALLED", tmp_path)


@pytest.mark.parametrize(("engine", "status", "mark"), [("sail", 0, "absent"), ("spark", 1, "MISSING")])
def test_java_is_needed_for_engine_spark_alone(capsys, no_java, engine, status, mark):
    assert cli.main(["doctor", "--engine", engine]) == status
    output = capsys.readouterr().out
    assert f"{mark:<8} java         for --engine spark: install a JDK 17 or 21" in output
    assert "apt-get install -y --no-install-recommends openjdk-17-jre-headless" in output


def test_a_quiet_doctor_says_only_what_is_needed_and_missing(capsys, no_java):
    assert cli.main(["doctor", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["doctor", "--engine", "spark", "--quiet"]) == 1
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [["MISSING", "java"]]


def test_doctor_finds_java_where_distributions_put_it(no_java, tmp_path):
    from jobs.engine.spark import java

    folder = tmp_path / "java-21"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch()
    (folder / "release").write_text('JAVA_VERSION="21.0.4"\n')
    assert java.home() == folder


def test_an_old_java_is_told_with_its_version(no_java, monkeypatch, tmp_path):
    from jobs.engine.spark import java

    (tmp_path / "release").write_text('JAVA_VERSION="11.0.2"\n')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(java.JavaError, match=rf"{tmp_path} is version 11\); install a JDK 17 or 21"):
        java.home()


# Real processes, each with an engine of its own.


def tokenlake(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jobs", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "80", "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.slow
def test_a_stage_logs_json_and_nothing_else(starts_a_process, tmp_path):
    folder = corpus.make(tmp_path / "corpus", 5)
    path = tmp_path / "run.yaml"
    settings = corpus.config(str(tmp_path / "lake"), folder).model_dump(mode="json", exclude_unset=True)
    path.write_text(yaml.safe_dump(settings))
    before = time.time()
    done = tokenlake("stage", "ingest", path, "--log-json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert all(before <= event["time"] <= time.time() for event in events)
    names = [event["event"] for event in events]
    assert names[0] == "run_started"
    assert names[-1] == "run_finished"
    assert "table_committed" in names
    assert [event for event in events if "line" in event] == []  # the engine had nothing to say


@pytest.mark.slow
def test_tables_says_nothing_but_the_tables(starts_a_process, lake):
    done = tokenlake("tables", lake)
    assert (done.returncode, done.stderr) == (0, "")
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["table", "version", "rows", "size", "last", "run", "config"]
    assert {"documents", "sequences_causal", "sequences_chunks", "runs"} <= {line.split()[0] for line in lines}
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.slow
def test_doctor_compiles_what_the_first_run_would_wait_for(starts_a_process):
    done = tokenlake("doctor", "--install", "--quiet")
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["compiling kernels and building the word tables of common languages (once)"]
