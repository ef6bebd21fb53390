"""The template process: imports and warms all that workers need, once, and then forks them.

A forked worker starts in milliseconds, warm, and shares what is warm with all others. `python -m
pipelines.workers.template FD` is started by `starting.Template`, with whom it talks over the socket FD.
Requests are a letter and a process id. `F`, with a socket: fork a worker that serves it -> its process id.
`E`: end this worker, unless it has ended -> its wait status.

The process has one thread, for a fork copies no other. When the socket is closed it ends, and its workers with it.
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
from contextlib import suppress

from pipelines.workers import worker

READY = struct.Struct("<d")  # seconds that warming took
REQUEST = struct.Struct("<cq")
ANSWER = struct.Struct("<q")
FORK, END = b"F", b"E"

_PR_SET_PDEATHSIG = 1
_OOM_SCORE = "500"  # when memory runs out, a worker goes before the process with the engine; 0 to 1000


def main(descriptor: int) -> None:
    """Warms up, says so, and answers requests until the socket is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process with the engine, which then ends us
    control = socket.socket(fileno=descriptor)
    _end_with(control)
    from pipelines.workers.warm import warm

    started = time.perf_counter()
    warm()
    gc.collect()
    gc.freeze()  # or else the collector of each worker would write to all that is shared
    fcntl.fcntl(control, fcntl.F_SETFL, fcntl.fcntl(control, fcntl.F_GETFL) & ~os.O_ASYNC)
    with suppress(OSError):
        control.sendall(READY.pack(time.perf_counter() - started))
        Workers(control).serve()


def _end_with(control: socket.socket) -> None:
    """Makes this process end when the socket is closed while it warms up; no request comes before that is done."""
    signal.signal(signal.SIGIO, lambda *_: os._exit(1))
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(control, fcntl.F_SETFL, fcntl.fcntl(control, fcntl.F_GETFL) | os.O_ASYNC)
    with suppress(BlockingIOError):  # closed before the signal was asked for?
        control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        os._exit(1)


class Workers:
    """The workers of this template, living or dead."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._living: set[int] = set()
        self._statuses: dict[int, int] = {}  # of the dead, until someone asks
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
        for pid in self._living:  # where process 1 does not reap what is left to it, as in many containers
            os.waitpid(pid, 0)

    def _answer(self) -> bool:
        """Answers a request; False when there will be no more."""
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
        """The life of a worker."""
        try:
            if self._libc is not None:
                self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
                score.write(_OOM_SCORE)
            if os.getppid() == template:  # or else it ended before its end was a signal
                worker.serve(socket.socket(fileno=descriptor))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(0)  # nothing of the template's may run again at exit

    def _end(self, pid: int) -> int:
        if pid in self._living:  # so nobody else can have its id
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
    main(int(sys.argv[1]))
