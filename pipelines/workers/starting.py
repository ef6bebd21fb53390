"""Starts the template process and, through it, workers; runs in the process with the engine."""

import os
import signal
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from pipelines.child_process import environment, python
from pipelines.workers.errors import WorkerError
from pipelines.workers.messages import HangupError, Kind, receive, send
from pipelines.workers.pickled import Pickled
from pipelines.workers.template import ANSWER, END, FORK, IGNORED, READY, REQUEST

# There is a worker per core, so its libraries must not start a thread per core. The user's own settings win.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")
_SETTINGS = {
    **dict.fromkeys(_ONE_THREAD, "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # otherwise importing pyarrow starts a thread
}
_STOP_SECONDS = 5.0


class Worker:
    """A handle on a worker process."""

    def __init__(self, pid: int, connection: socket.socket, template: "Template") -> None:
        self.pid = pid
        self.connection = connection
        self._template = template
        self._has_ended = False

    def take(self, task: Pickled) -> bool:
        """Gives it a task; False when the worker has ended."""
        try:
            send(self.connection, Kind.TASK, [task.digest])
            kind, _ = receive(self.connection)
            if kind is Kind.FUNCTION:
                send(self.connection, Kind.FUNCTION, [task.payload])
        except HangupError:
            return False
        return True

    def ending(self) -> str:
        """How it ended, in words; call this after a HangupError."""
        self._has_ended = True
        return self._template.ending(self.pid)

    def discard(self) -> None:
        """Ends it, without waiting: the garbage collector may call this at any point."""
        self.connection.close()
        if not self._has_ended:
            self._has_ended = True
            self._template.discard(self.pid)


class Template:
    """The template process, which starts to warm up at once.

    It inherits the current environment variables, import path and standard streams.
    """

    def __init__(self, work: Sequence[str] = ()) -> None:
        """`work` names what is warmed (`warm.WARM_UPS`); by default everything is."""
        ours, theirs = socket.socketpair()
        with theirs, _signals_blocked():
            self._process = subprocess.Popen(
                python("-m", "pipelines.workers.template", str(theirs.fileno()), *work),
                stdin=subprocess.DEVNULL,
                env={**_SETTINGS, **environment()},
                pass_fds=[theirs.fileno()],
            )
        self._control = ours
        self._asking = threading.Lock()
        self._discarded: deque[int] = deque()
        self._warm_seconds: float | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def ready(self) -> float:
        """Waits until it is warm; returns the seconds that warming took.

        Raises:
            WorkerError: it has ended.
        """
        with self._asking:
            return self._ready()

    def fork(self) -> Worker:
        """A new worker, once the template is warm.

        Raises:
            WorkerError: the template has ended.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._asking:
                self._ready()
                socket.send_fds(self._control, [REQUEST.pack(FORK, 0)], [theirs.fileno()])
                return Worker(self._answer(), ours, self)
        except OSError as error:
            ours.close()
            raise self._ended() from error
        except BaseException:
            ours.close()
            raise
        finally:
            self._end_discarded()

    def ending(self, pid: int) -> str:
        """How a worker ended, such as "was killed (signal 9)"."""
        try:
            with self._asking:
                return how_it_ended(os.waitstatus_to_exitcode(self._end(pid)))
        except (OSError, WorkerError):
            return "ended with its template process"

    def discard(self, pid: int) -> None:
        """Requests the end of a worker: now, or after the request that another thread is making."""
        self._discarded.append(pid)
        self._end_discarded()

    def stop(self) -> None:
        """Ends it and all its workers."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # also wakes threads that wait for an answer
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._control.close()

    def _end_discarded(self) -> None:
        while self._discarded and self._asking.acquire(blocking=False):
            try:
                with suppress(OSError, WorkerError):  # the template has ended, and its workers with it
                    self._end(self._discarded.popleft())
            finally:
                self._asking.release()

    def _end(self, pid: int) -> int:
        self._control.sendall(REQUEST.pack(END, pid))
        return self._answer()

    def _ready(self) -> float:
        if self._warm_seconds is None:
            (self._warm_seconds,) = READY.unpack(self._read(READY.size))
        return self._warm_seconds

    def _answer(self) -> int:
        (answer,) = ANSWER.unpack(self._read(ANSWER.size))
        return int(answer)

    def _read(self, size: int) -> bytes:
        data = b""
        try:
            while len(data) < size:
                piece = self._control.recv(size - len(data))
                if not piece:
                    raise self._ended()
                data += piece
        except OSError as error:
            raise self._ended() from error
        return data

    def _ended(self) -> WorkerError:
        try:
            code = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return WorkerError(f"the template of the worker processes, process {self.pid}, does not answer")
        return WorkerError(f"the template of the worker processes, process {self.pid}, {how_it_ended(code)}")


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Processes that start in this block inherit it, until the template has chosen to ignore them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def how_it_ended(code: int) -> str:
    """An exit code in words; a negative code is the number of a signal."""
    if code >= 0:
        return f"ended (exit status {code})"
    cause = ", perhaps because memory ran out" if -code == signal.SIGKILL else ""
    return f"was killed (signal {-code}){cause}"
