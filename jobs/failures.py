"""What a person is told when a run fails: the fault, where it is, and what to do; never a stack of frames."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_FRAME = re.compile(r'\s+at |\s*\.\.\. \d+ more|\s+File "|Driver stacktrace:|Traceback \(most|JVM stacktrace:')
_CAUSE = re.compile(r"\s*(?:(?:Caused by|Suppressed): |: )?(?:[a-z]\w*\.)+([A-Z]\w*)(?:: (.*))?$")
_PATH = re.compile(r"(?:file:|')?(/[^\s:'\",;()]+)")
_AT_WORK = "at work on "  # begins the note that names the lake
_LITTLE = 64 << 20  # bytes: a device with less is taken to be the full one


@dataclass(frozen=True)
class Failure:
    """A failure in words. `known` says that the message is all there is to know of it."""

    message: str
    known: bool


@dataclass(frozen=True)
class _Fault:
    """A condition of the machine that many exceptions tell of."""

    sign: re.Pattern[str]
    message: str  # `{path}` and `{free}` are filled in


_AGAIN = "Then give the same command again: what was committed stays, and is not done again."
_FAULTS = (
    _Fault(
        re.compile(r"No space left on device|Disk quota exceeded|not enough space"),
        f"no space left for {{path}} ({{free}} free there). Make room, or name another lake with --lake. {_AGAIN}",
    ),
    _Fault(
        re.compile(r"File too large"),
        f"{{path}}: a file became larger than this process may write. Raise the limit (`ulimit -f`). {_AGAIN}",
    ),
    _Fault(
        re.compile(r"Read-only file system"),
        f"{{path}} is on a read-only file system. Mount it for writing, or name another lake with --lake. {_AGAIN}",
    ),
    _Fault(
        re.compile(r"Permission denied|AccessControlException"),
        f"{{path}}: permission denied. Give this user the right to write there, or name another lake. {_AGAIN}",
    ),
    _Fault(
        re.compile(r"Mkdirs failed to create"),
        f"{{path}} cannot be created. Look at its file system and at who may write there. {_AGAIN}",
    ),
    _Fault(
        re.compile(
            r"DELTA_CONCURRENT|Concurrent(?:Write|Append|Transaction|Delete\w+)Exception|DELTA_METADATA_CHANGED"
        ),
        "another run committed to the same table meanwhile. Nothing of this commit was written. "
        "Let the other run end, and give the same command again: it goes on from what is there.",
    ),
    _Fault(
        re.compile(r"java\.lang\.OutOfMemoryError"),
        "Spark's JVM is out of memory. Give it more in the config, for instance "
        f"`spark: {{{{spark.driver.memory: 8g}}}}`. {_AGAIN}",
    ),
    _Fault(
        re.compile(
            r"Answer from Java side is empty|Py4JNetworkError|Error while sending or receiving|ConnectionRefusedError"
        ),
        f"Spark's JVM has ended: killed, perhaps for want of memory (see `dmesg`). {_AGAIN}",
    ),
)


def told(error: BaseException) -> Failure:
    """The failure of an exception; for those of the JVM, its cause without the frames."""
    for each in _chain(error):
        lines = without_frames(f"{type(each).__name__}: {each}".splitlines())
        notes = [note for one in _chain(error) for note in getattr(one, "__notes__", ())]
        for fault in _FAULTS:
            if any(fault.sign.search(line) for line in lines):
                path = _named_path([*lines, *notes], fault.sign)
                return Failure(fault.message.format(path=path, free=_size(_free(path))), known=True)
    return _cause(str(error) or type(error).__name__)


def note_lake(error: BaseException, lake: str) -> None:
    """Notes on an exception which lake the command was at work on, for faults that name no path."""
    error.add_note(f"{_AT_WORK}{lake}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, and those it came of: what fails while a session ends hides what ended it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _cause(text: str) -> Failure:
    """The innermost cause in a text with frames; any other text as it is."""
    lines = without_frames(text.splitlines())
    causes = [found for line in lines if (found := _CAUSE.match(line))]
    whole = len(lines) == len([line for line in text.splitlines() if line.strip()])
    if whole or not causes:
        return Failure(text, known=whole)
    python = [line for line in lines if re.match(r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit): ", line)]
    kind, message = causes[-1].groups()
    return Failure(python[-1] if python else f"{kind}: {message or ''}".rstrip(": "), known=False)


def without_frames(lines: Sequence[str]) -> list[str]:
    """The lines that are no frames of a stack trace of Java or Python."""
    return [line for line in lines if line.strip() and not _FRAME.match(line)]


def _named_path(lines: Sequence[str], sign: re.Pattern[str]) -> str:
    """The path that the fault is about: named beside it, or being written to; the fullest when space is short."""
    beside = [line for line in lines if sign.search(line)]
    writing = [line.partition(" to ")[2] for line in lines if " rows to " in line]
    at_work = [line for line in lines if line.startswith(_AT_WORK)]
    named = [found[1] for line in (*beside, *writing, *at_work) if (found := _PATH.search(line))]
    local = os.environ.get("SPARK_LOCAL_DIRS", tempfile.gettempdir()).split(",")[0]
    short = [path for path in (*named, local) if "space" in sign.pattern and _free(path) < _LITTLE]
    return next(iter(short or named), "a folder that the run writes to")


def _free(path: str) -> int:
    """Bytes left where a path is, or would be."""
    there = next((folder for folder in (Path(path), *Path(path).parents) if folder.exists()), Path("/"))
    return shutil.disk_usage(there).free


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
