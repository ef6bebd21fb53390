"""CPU time and memory of a command are those of everything it started."""

import os
import sys
import time

import pytest

from benchmarks import process_tree
from benchmarks.process import run
from benchmarks.process_tree import Watch, pss_mb

BUSY = "import time\nwhile time.process_time() < 0.5: pass"


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def test_the_time_of_a_child_that_ended_before_any_look_counts():
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {BUSY!r}])"
    assert 0.5 <= run(python(code), cores=1).cpu_seconds < 1.5


def test_the_time_of_a_child_that_outlives_the_command_counts():
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', {BUSY!r}])"
    assert 0.5 <= run(python(code), cores=1).cpu_seconds < 1.5


def test_an_orphan_that_let_go_of_the_output_is_waited_for():
    code = f"""
import os, subprocess, sys
null = open(os.devnull, "w")
subprocess.Popen([sys.executable, "-S", "-c", {BUSY!r}], stdout=null, stderr=null)
"""
    assert 0.5 <= run(python(code), cores=1).cpu_seconds < 1.5


def test_what_does_not_end_is_an_error(monkeypatch):
    monkeypatch.setattr(process_tree, "PATIENCE", 0.2)
    code = """
import os, subprocess, sys
null = open(os.devnull, "w")
print(subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(2)"], stdout=null, stderr=null).pid)
"""
    with pytest.raises(RuntimeError, match=r"processes \[\d+\] go on"):
        run(python(code), cores=1)


def test_the_time_of_earlier_commands_does_not_count():
    run(python(BUSY), cores=1)
    assert run(python("pass"), cores=1).cpu_seconds < 0.4


def test_memory_that_forked_workers_share_counts_once():
    code = """
import os, time
shared = bytearray(os.urandom(1 << 20)) * 200
workers = [pid for pid in (os.fork(), os.fork()) if pid]
time.sleep(1)
"""
    assert 200 < run(python(code), cores=1).peak_mb < 300


def test_memory_of_all_processes_is_added():
    code = """
import os, time
parent = os.fork()
own = bytearray(os.urandom(1 << 20)) * 100
time.sleep(1)
if parent: os.wait()
"""
    assert 200 < run(python(code), cores=1).peak_mb < 300


def test_a_process_that_has_ended_holds_nothing():
    with Watch():
        pid = os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", "pass"], os.environ)
        os.waitpid(pid, 0)
    assert pss_mb(pid) == 0


def test_children_that_were_there_before_are_left_alone():
    pid = os.posix_spawn(sys.executable, python("import time; time.sleep(60)"), os.environ)
    try:
        started = time.monotonic()
        assert run(python("pass"), cores=1).peak_mb < 100
        assert time.monotonic() - started < 10
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
