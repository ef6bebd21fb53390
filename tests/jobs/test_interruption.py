"""Ctrl-C and SIGTERM, sent to a command as a terminal or a service manager sends them: to all of its processes."""

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress

import corpus
import fault_lakes
import process_tree
import pytest

TRAINING = """
import sys
from jobs import interruption
interruption.watch()
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.train import train
print("ready", file=sys.stderr, flush=True)
text = " ".join(f"{number:x}" * 3 for number in range(400_000))
while True:  # a fast machine trains once in a few seconds
    train([text] * 2, TokenizerConfig(kind=sys.argv[1], vocab_size=60_000))
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("interrupted")
    return fault_lakes.write_config(folder / "run.yaml", folder / "lake", corpus.make(folder / "corpus", 60))


def ends(tree, number):
    """Sends a signal to all processes of a command; gives its status and the seconds until all have ended."""
    started = time.monotonic()
    os.killpg(tree.process.pid, number)
    status = tree.wait()
    while tree.processes() and time.monotonic() - started < 10:
        time.sleep(0.02)
    return status, time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("stage", ["start", "ingest", "tokenize", "report"])
def test_a_run_ends_at_once_with_one_line(config, tmp_path, stage, number, status):
    run = process_tree.start(config, "--lake", str(tmp_path / "lake"))
    if stage == "start":
        assert run.watch(lambda event: event["event"] == "run_started")
    else:
        assert run.watch(lambda event: event["event"] == "stage_started" and event["stage"] == stage), run.said
    before = len(run.events)
    found, seconds = ends(run, number)
    assert found == status
    assert run.processes() == []
    assert seconds < 3
    name = signal.Signals(number).name
    assert run.error == f"interrupted by {name}; committed work stays, and the same command continues from there"
    assert [event["event"] for event in run.events[before:]][-1] == "error"
    assert run.said == []


@pytest.mark.slow
def test_on_a_terminal_the_progress_bar_gives_way_and_the_cursor_returns(config, tmp_path):
    command = [sys.executable, "-m", "jobs", "run", str(config), "--lake", str(tmp_path / "lake")]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(process_tree.PROJECT)
        os.execv(command[0], command)
    said, pressed = b"", False
    with suppress(OSError):  # the other side is closed
        while piece := os.read(terminal, 1 << 16):
            said += piece
            if b"clean " in said and not pressed:
                pressed = bool(os.write(terminal, b"\x03"))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert b"\r\x1b[2K\x1b[?25htokenlake: interrupted by SIGINT; " in said
    assert said.count(b"tokenlake: ") == 2  # the lake, and this


@pytest.mark.slow
def test_the_same_command_continues(config, tmp_path):
    lake = tmp_path / "lake"
    for seen in ({"event": "table_committed", "table": "documents"}, {"event": "stage_started", "stage": "dedup"}):
        run = process_tree.start(config, "--lake", str(lake))
        assert run.watch(lambda event, seen=seen: event.items() >= seen.items()), run.events
        assert ends(run, signal.SIGINT)[0] == 130
    last = process_tree.start(config, "--lake", str(lake))
    assert last.wait() == 0, last.error


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bpe", "unigram", "wordpiece"])
def test_compiled_code_of_the_driver_is_not_waited_for(kind):
    process = subprocess.Popen([sys.executable, "-c", TRAINING, kind], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "ready\n"
    time.sleep(4)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert (process.wait(), said) == (130, "tokenlake: interrupted by SIGINT\n")
    assert time.monotonic() - started < 3


def test_a_signal_that_the_parent_ignores_stays_ignored():
    program = "from jobs import interruption; interruption.watch(); print('ready', flush=True); input(); print('done')"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # as `nohup` and `&` in scripts do
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate("\n")[0] == "done\n"
    assert process.returncode == 0
