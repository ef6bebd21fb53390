"""Error messages for failed runs: the fault, the path, and the remedy, without a stack trace."""

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from features.store.errors import StoreError
from jobs.export.errors import ExportError
from pipelines.errors import causes
from pipelines.storage.errors import StorageError, advice

_FRAME = re.compile(r'\s+at |\s*\.\.\. \d+ more|\s+File "|Driver stacktrace:|Traceback \(most|JVM stacktrace:')
_CAUSE = re.compile(r"\s*(?:(?:Caused by|Suppressed): |: )?(?:[a-z]\w*\.)+([A-Z]\w*)(?:: (.*))?$")
_PATH = re.compile(r"(?:file:|')?(/[^\s:'\",;()]+)")
_LAKE_NOTE = "while working on the lake "  # prefix of the note that `note_lake` adds
_OBJECT = re.compile(r"\b(?:s3a?|gs|abfss?|az)://[^\s\"',;)]+")
_OF_A_STORE = re.compile(rf"{_OBJECT.pattern}|Generic (?:S3|GCS|MicrosoftAzure) error|S3A|com\.amazonaws|awssdk")
_LITTLE = 64 << 20  # bytes: of several devices, one with less free space is taken to be the full one


@dataclass(frozen=True)
class Failure:
    """An error message. `known`: the message explains the failure; the engine's own output would add nothing."""

    message: str
    known: bool


@dataclass(frozen=True)
class _Fault:
    """A condition of the machine that many kinds of exception report."""

    sign: re.Pattern[str]  # found in the exception's text
    message: str  # with the fields `{path}` and `{free}`


_AGAIN = "Then run the same command again: committed work stays, and is not repeated."
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
        "Wait for the other run to end, then run the same command again: it continues from what is committed.",
    ),
    _Fault(
        re.compile(r"\b(?:Arrow)?MemoryError\b|Cannot allocate memory"),
        "memory ran out while a task worked; what it was reading is not rejected. Give the machine more memory, or "
        f"use fewer of its cores. {_AGAIN}",
    ),
    _Fault(
        re.compile(r"java\.lang\.OutOfMemoryError"),
        "Spark's JVM is out of memory. Give it more in the config, for example "
        f"`spark: {{{{spark.driver.memory: 8g}}}}`. {_AGAIN}",
    ),
    _Fault(
        re.compile(
            r"Answer from Java side is empty|Py4JNetworkError|Error while sending or receiving|ConnectionRefusedError"
        ),
        f"Spark's JVM has ended: killed, perhaps because memory ran out (see `dmesg`). {_AGAIN}",
    ),
)


def explain_failure(error: BaseException) -> Failure:
    """The message for an exception: that of a known fault, else the innermost cause without its stack trace."""
    if isinstance(error, StoreError | ExportError):  # says what is wrong, and where; its cause would be taken for it
        return Failure(str(error), known=True)
    for each in causes(error):
        if isinstance(each, StorageError):
            return Failure(str(each), known=True)
    for each in causes(error):
        if _OF_A_STORE.search(str(each)) and (found := advice(str(each))):  # from delta-rs or an engine
            return Failure(f"{_remote(each)}: {found}", known=True)
    for each in causes(error):
        lines = without_frames(f"{type(each).__name__}: {each}".splitlines())
        notes = [note for one in causes(error) for note in getattr(one, "__notes__", ())]
        for fault in _FAULTS:
            if any(fault.sign.search(line) for line in lines):
                path = _named_path([*lines, *notes], fault.sign)
                return Failure(fault.message.format(path=path, free=_size(_free(path))), known=True)
    return _cause(str(error) or type(error).__name__)


def _remote(error: BaseException) -> str:
    """The location that an error names, or the note about the lake."""
    texts = [str(error), *getattr(error, "__notes__", ())]
    found = (match[0] for text in texts for match in _OBJECT.finditer(text))
    return next(found, "the object store")


def note_lake(error: BaseException, lake: str) -> None:
    """Adds the lake's path to an exception as a note: some faults name no path."""
    error.add_note(f"{_LAKE_NOTE}{lake}")


def _cause(text: str) -> Failure:
    """The innermost cause in a text with a stack trace; any other text unchanged."""
    lines = without_frames(text.splitlines())
    causes = [found for line in lines if (found := _CAUSE.match(line))]
    whole = len(lines) == len([line for line in text.splitlines() if line.strip()])
    if whole or not causes:
        return Failure(text, known=whole)
    python = [line for line in lines if re.match(r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit): ", line)]
    kind, message = causes[-1].groups()
    return Failure(python[-1] if python else f"{kind}: {message or ''}".rstrip(": "), known=False)


def without_frames(lines: Sequence[str]) -> list[str]:
    """The lines that do not belong to a stack trace of Java or Python."""
    return [line for line in lines if line.strip() and not _FRAME.match(line)]


def _named_path(lines: Sequence[str], sign: re.Pattern[str]) -> str:
    """The path at fault: in the same line, or being written to, or the lake; of a full disk, the first nearly full."""
    beside = [line for line in lines if sign.search(line)]
    writing = [line.partition(" to ")[2] for line in lines if " rows to " in line]
    at_work = [line for line in lines if line.startswith(_LAKE_NOTE)]
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
