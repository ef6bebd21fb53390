"""Where an export goes: a folder that is there whole or not at all.

In a folder of this machine, files are written beside it under another name, and the folder gets its name in one step.
An object store has no such step: there the manifest is written last, and a place without it is no export.
"""

import errno
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jobs import interruption
from jobs.export.errors import ExportError, UnfitExportError
from pipelines.storage.storage import Storage
from pipelines.storage.uri import LakeUri

MANIFEST = "export.json"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_COPIED = 8 << 20  # bytes at once


@dataclass(frozen=True)
class Destination:
    """A folder or prefix that is being filled.

    `storage` is where files are written until the export is complete; `uri` is where it lies then.
    """

    uri: LakeUri
    storage: Storage

    @contextmanager
    def created(self, name: str) -> Iterator[IO[bytes]]:
        """A new file, written from its beginning to its end."""
        stream = self.storage.create(name)
        try:
            yield stream
        except BaseException:
            getattr(stream, "discard", stream.close)()
            raise
        stream.close()

    @contextmanager
    def created_in_any_order(self, name: str, size: int) -> Iterator[int]:
        """The descriptor of a new file of `size` bytes, for os.pwrite.

        Raises:
            OSError: the disk has no room for it, before anything is written.
        """
        if self.uri.is_local:
            path = Path(self.storage.path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                _reserve(file.fileno(), size)
                yield file.fileno()
            return
        with tempfile.TemporaryFile(prefix="tokenlake-export-") as file:
            _reserve(file.fileno(), size)
            yield file.fileno()
            file.seek(0)
            with self.created(name) as stream:
                while part := file.read(_COPIED):
                    stream.write(part)

    def _publish(self) -> None:
        if not self.uri.is_local:
            return
        try:
            os.rename(self.storage.root, self.uri.path)
        except OSError as error:
            raise ExportError(f"{self.uri}: cannot be made: {error.strerror}") from error


@contextmanager
def destination(out: str) -> Iterator[Destination]:
    """A place to be filled by the block; without its files when the block fails.

    Raises:
        UnfitExportError: something is there already.
        ExportError: the place cannot be written, or has no room.
    """
    uri = LakeUri.parse(out)
    target = Storage(str(uri))
    if target.exists(""):
        left = (
            "" if target.exists(MANIFEST) or uri.is_local else f" without {MANIFEST}: an export that was not completed"
        )
        raise UnfitExportError(f"{out}: exists already{left}; delete it, or name another place")
    if uri.is_local:
        parent = uri.path.parent
        storage = Storage(str(parent / f".{uri.path.name}.{uuid.uuid4().hex[:12]}.part"))
    else:
        storage = target
    made, unfinished = Destination(uri, storage), [storage]
    interruption.first(lambda: _clean(*unfinished))
    try:
        yield made
        made._publish()
        unfinished.clear()
    except OSError as error:
        _clean(storage)
        if isinstance(error, ExportError | UnfitExportError) or error.errno is None:
            raise
        raise ExportError(_unwritable(made, error)) from error
    except BaseException:
        _clean(storage)
        raise


def _clean(*storages: Storage) -> None:
    for storage in storages:
        with suppress(OSError):
            storage.delete("")


def _unwritable(made: Destination, error: OSError) -> str:
    """One line about a place that took no more."""
    if error.errno in _FULL and made.uri.is_local:
        there = next(folder for folder in made.uri.path.parents if folder.exists())
        free = shutil.disk_usage(there).free / 1e6
        reason = (
            "its files would be larger than this process may write" if error.errno == errno.EFBIG else "no space left"
        )
        what = f"{made.uri}: {reason} ({free:,.1f} MB free there)"
        return f"{what}; nothing of the export was left. Make room, or name another OUT"
    return f"{made.uri}: {error.strerror or error}; nothing of the export was left"


def _reserve(descriptor: int, size: int) -> None:
    """Takes the space of a whole file, where the file system can; a disk that is too full tells so at once."""
    if not size:
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
        os.ftruncate(descriptor, size)
