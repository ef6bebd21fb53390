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

COMMANDS = ("run", "stage", "tables", "explain", "decide", "report", "doctor")


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
        from jobs import session

        def refuse(*_, **__):
            raise AssertionError("a session was asked for")

        monkeypatch.setattr(session, "build", refuse)


@pytest.fixture
def starts_a_process():
    """Says that a test starts a JVM, in a process of its own."""


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
    assert f"{path}: not valid YAML" in fails(capsys, "run", path)


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


def test_a_language_model_must_be_there(capsys, config):
    message = fails(capsys, "run", config("ingest: {language_model: no/model.ftz}\n"))
    assert "ingest.language_model: no/model.ftz: no such file" in message


def test_an_unknown_stage_is_told_with_those_there_are(capsys, config):
    message = fails(capsys, "stage", "wash", config())
    assert "'wash'" in message
    assert all(stage in message for stage in cli.STAGES)


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


@pytest.mark.parametrize("command", [("tables",), ("explain", "0f"), ("decide", "gopher"), ("report",)])
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


def test_help_and_bad_configuration_need_no_spark(config):
    """In a process of its own: this one has imported everything."""
    program = (
        "import sys, time; started = time.process_time()\n"
        "from jobs import cli\n"
        "try: status = cli.main(sys.argv[1:])\n"
        "except SystemExit as stop: status = stop.code\n"
        "print('pyspark' in sys.modules, status, time.process_time() - started, file=sys.stderr)"
    )
    for arguments, expected in ((["run", "--help"], "0"), (["run", config("colour: red\n")], "2")):
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
        imported, status, seconds = done.stderr.splitlines()[-1].split()
        assert (imported, status) == ("False", expected)
        assert float(seconds) < 2  # of processor time: other work on the machine does not count


# doctor


def test_doctor_finds_what_this_machine_has(capsys):
    assert cli.main(["doctor"]) == 0
    lines = {line.split()[1]: line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {lines[name] for name in ("python", "packages", "java", "jars", "memory", "cores")} == {"ok"}


def test_doctor_says_how_to_get_missing_jars(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("TOKENLAKE_JARS", str(tmp_path))
    assert cli.main(["doctor", "--quiet"]) == 1
    output = capsys.readouterr().out
    assert "MISSING  jars" in output
    assert "tokenlake doctor --install" in output
    assert "python" not in output


def test_doctor_says_how_to_get_java(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nonsense"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("jobs.java.INSTALLED", tmp_path)
    assert cli.main(["doctor"]) == 1
    output = capsys.readouterr().out
    assert "MISSING  java" in output
    assert "apt-get install -y --no-install-recommends openjdk-17-jre-headless" in output


def test_doctor_finds_java_where_distributions_put_it(monkeypatch, tmp_path):
    from jobs import java

    folder = tmp_path / "java-21"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch()
    (folder / "release").write_text('JAVA_VERSION="21.0.4"\n')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nonsense"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "INSTALLED", tmp_path)
    assert java.home() == folder


def test_an_old_java_is_told_with_its_version(monkeypatch, tmp_path):
    from jobs import java

    (tmp_path / "release").write_text('JAVA_VERSION="11.0.2"\n')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "INSTALLED", tmp_path)
    with pytest.raises(java.JavaError, match=rf"{tmp_path} is version 11\); install a JDK 17 or 21"):
        java.home()


def test_a_run_without_jars_says_how_to_get_them(capsys, monkeypatch, tmp_path):
    from jobs import jars

    monkeypatch.setenv("TOKENLAKE_JARS", str(tmp_path))
    with pytest.raises(jars.JarError, match="run `tokenlake doctor --install`"):
        jars.installed()


# Real processes: two, each with a JVM.


def tokenlake(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("tokenlake"), *map(str, arguments)]
    environment = {**os.environ, "TOKENLAKE_MASTER": "local[2]", "COLUMNS": "80"}
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
    assert "engine" not in names  # the JVM had nothing to say


@pytest.mark.slow
def test_tables_says_nothing_but_the_tables(starts_a_process, lake):
    done = tokenlake("tables", lake)
    assert (done.returncode, done.stderr) == (0, "")
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["table", "version", "rows", "size", "last", "run", "config"]
    assert {"documents", "sequences_causal", "sequences_chunks", "runs"} <= {line.split()[0] for line in lines}
    assert max(map(len, done.stdout.splitlines())) <= 80
