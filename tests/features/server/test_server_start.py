"""How a server starts, or says why it does not."""

import subprocess
import sys
from pathlib import Path

import pytest
from server_process import ROOT, RunningServer, command


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    words = ["features", "serve", str(tmp_path)]
    program = f"import sys; sys.modules['uvicorn'] = None; from jobs.cli import main; sys.exit(main({words!r}))"
    refused = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert refused.returncode == 2
    assert "pip install 'tokenlake[serve]'" in refused.stderr


def test_a_port_that_is_taken_is_a_clear_error(server: RunningServer, filled_valkey: str, tmp_path: Path) -> None:
    for option, port in (("--port", server.port), ("--grpc-port", server.grpc_port)):
        words = command(tmp_path, "--online", filled_valkey)
        words[words.index(option) + 1] = str(port)
        refused = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
        assert refused.returncode == 2
        assert f"cannot listen on 127.0.0.1:{port}" in refused.stderr


def test_the_first_line_says_where_it_listens(filled_valkey: str, tmp_path: Path) -> None:
    words = command(tmp_path, "--online", filled_valkey)
    words.remove("--log-json")
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stderr is not None
    lines = [process.stderr.readline(), process.stderr.readline()]
    process.terminate()
    assert process.wait(20) == 0
    assert lines[0].startswith("serving plan ")
    assert "serving features of 127.0.0.1:" in lines[1]
    assert "at http://127.0.0.1:" in lines[1]
    assert "no API keys" in lines[1]


@pytest.mark.parametrize(
    "options",
    [["--port", "70000"], ["--workers", "0"], ["--timeout", "0"], ["--drain", "-1"], ["--sample-requests", "2"]],
)
def test_options_that_mean_nothing_are_refused(tmp_path: Path, options: list[str]) -> None:
    words = [sys.executable, "-m", "jobs", "features", "serve", str(tmp_path), *options]
    refused = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert refused.returncode == 2
    assert options[0] in refused.stderr
