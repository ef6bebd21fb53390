"""The template process: imports and warms everything workers need, once, then forks workers.

A forked worker starts warm in milliseconds and shares imported modules and tables with the others. `starting.Template`
starts this as `python -m pipelines.workers.template FD` and sends requests over the socket FD.
A request is a letter and a process id. `F`, with a socket: fork a worker that serves it -> its process id.
`E`: end this worker, unless it has ended -> its wait status.

The process has one thread, because a fork copies only the calling thread. When the socket is closed, the process and
its workers end.
"""

import ctypes
import fcntl
import gc
import os
import select
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress

from pipelines import logs
from pipelines.workers import worker

READY = struct.Struct("<d")  # seconds that warming took
REQUEST = struct.Struct("<cq")
ANSWER = struct.Struct("<q")
FORK, END = b"F", b"E"

IGNORED = (signal.SIGINT, signal.SIGTERM)
"""They may be sent to all processes of a command: then the one with the engine ends this one."""

_PR_SET_PDEATHSIG = 1
_OOM_SCORE = "500"  # 0 to 1000: when memory runs out, the kernel kills a worker before the process with the engine


def main(descriptor: int, work: Sequence[str] = ()) -> None:
    """Warms up, reports the seconds that took, and answers requests until the socket is closed."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, IGNORED)
    control = socket.socket(fileno=descriptor)
    _end_with(control)
    from pipelines.workers.warm import warm

    started = time.perf_counter()
    warm(work)
    logs.configure()  # of the workers: what warming reads is of no interest
    gc.collect()
    gc.freeze()  # otherwise each worker's garbage collector writes to shared pages and so copies them
    fcntl.fcntl(control, fcntl.F_SETFL, fcntl.fcntl(control, fcntl.F_GETFL) & ~os.O_ASYNC)
    with suppress(OSError):
        control.sendall(READY.pack(time.perf_counter() - started))
        Workers(control).serve()


def _end_with(control: socket.socket) -> None:
    """Ends this process if the socket is closed during warm-up; no request arrives before it is warm."""
    signal.signal(signal.SIGIO, lambda *_: os._exit(1))
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(control, fcntl.F_SETFL, fcntl.fcntl(control, fcntl.F_GETFL) | os.O_ASYNC)
    with suppress(BlockingIOError):  # closed before the signal was enabled?
        control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        os._exit(1)


class Workers:
    """The workers of this template, running and ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._living: set[int] = set()
        self._statuses: dict[int, int] = {}  # wait statuses of ended workers, until requested
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        self._woken, wakes = os.pipe()
        for end in (self._woken, wakes):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Answers requests until the control socket is closed; then ends all workers."""
        while True:
            ready, _, _ = select.select([self._control.fileno(), self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._reap()
            elif not self._answer():
                break
        for pid in self._living:
            os.kill(pid, signal.SIGKILL)
        for pid in self._living:  # in many containers process 1 does not reap orphans
            os.waitpid(pid, 0)

    def _answer(self) -> bool:
        """Answers a request; False when the socket is closed."""
        request, descriptors, _, _ = socket.recv_fds(self._control, REQUEST.size, 1)
        if not request:
            return False
        verb, pid = REQUEST.unpack(request)
        answer = self._fork(descriptors[0]) if verb == FORK else self._end(pid)
        self._control.sendall(ANSWER.pack(answer))
        return True

    def _fork(self, descriptor: int) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        template, pid = os.getpid(), os.fork()
        if pid == 0:
            self._work(descriptor, template)
        os.close(descriptor)
        self._living.add(pid)
        return pid

    def _work(self, descriptor: int, template: int) -> None:
        """Serves tasks in the forked process, then ends it."""
        try:
            if self._libc is not None:
                self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
                score.write(_OOM_SCORE)
            if os.getppid() == template:  # otherwise the template ended before prctl took effect
                worker.serve(socket.socket(fileno=descriptor))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(0)  # exit handlers of the template must not run in a worker

    def _end(self, pid: int) -> int:
        if pid in self._living:  # not reaped, so its process id cannot belong to another process
            os.kill(pid, signal.SIGKILL)
            self._living.remove(pid)
            return os.waitpid(pid, 0)[1]
        return self._statuses.pop(pid, 0)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                self._living.discard(ended[0])
                self._statuses[ended[0]] = ended[1]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
