"""Warms the template process, so that the first batch of a worker takes no longer than the tenth.

One function per package, which runs that package on a small input. This imports its modules, loads its compiled
kernels from numba's cache, and builds its per-process tables. None may start a thread or keep a file open: forks
follow.
"""

import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

# Quotation marks, an address, a list, an accent, mojibake, a number: each reaches other branches of the kernels.
TEXT = """“The café is at https://example.org/menu,” she wrote to ada@example.org; it’s 3.5 km away, isn’t it?

- Call +44 20 7946 0958 before 10 a.m., or come by: the weather is fine, and the fine weather is there to be enjoyed.
- The harbour is open on every day of the week, and the harbour is open every night [1] [citation needed].
1. Ã©clairs, 12 of them &amp; a pot of tea…
"""

PAGE = f"<html><head><title>Menu</title></head><body><main><h1>Menu</h1><p>{TEXT}</p></main></body></html>"


NOT_NEEDED = frozenset(("pandas", "scipy"))
"""pyarrow imports pandas to ask whether a list is one of its arrays, numba imports scipy for linear algebra. No worker
does either, and without them warming takes two thirds of the time and of the memory."""


def warm(work: Collection[str] = ()) -> None:
    """Warms what some work needs, by its names in `WARM_UPS`; by default everything.

    Names what fails on standard error and goes on: its tasks will raise the error. The first task of a worker warms
    what is not warm yet.
    """
    with _absent(NOT_NEEDED):
        for name, warm_up in WARM_UPS.items():
            if work and name not in ("functions", *work):
                continue
            try:
                warm_up()
            except Exception:
                print(f"workers: {name} could not be warmed", file=sys.stderr)
                traceback.print_exc()


@contextmanager
def _absent(packages: Collection[str]) -> Iterator[None]:
    """Makes imports of some packages fail until the block ends, as if they were not installed."""

    class Absent:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name in packages:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    finder: Any = Absent()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def _functions() -> None:
    """Imports what unpickling a function needs."""
    import pyspark.cloudpickle
    import pyspark.sql  # noqa: F401 (the functions come from modules that import it)


def _reading() -> None:
    from pipelines.readers.config import SourceConfig
    from pipelines.readers.listing import list_files
    from pipelines.readers.record import Split
    from pipelines.readers.staging import staged_batches

    with TemporaryDirectory() as folder:
        files = {"page.html": PAGE, "page.warc": _archive(PAGE), "text.jsonl": '{"text": "words"}\n', "text.txt": TEXT}
        for name, content in files.items():
            Path(folder, name).write_text(content, "utf-8", newline="")
        config = SourceConfig(name="warm", path=folder)
        splits = [Split(file, config, 0, file.size) for file in list_files(config, lambda _: [])]
        for batch in staged_batches(splits, "", datetime.now(UTC)):
            assert batch.num_rows


def _measuring() -> None:
    from pipelines.rules.config import MeasureConfig
    from pipelines.rules.measures import measure
    from pipelines.tables import DOCUMENTS

    document = {
        "doc_id": "",
        "source": "",
        "language": "en",
        "language_score": 1.0,
        "text": TEXT,
        "meta": [("url", "")],
    }
    measure(pa.RecordBatch.from_pylist([document], schema=DOCUMENTS.schema), MeasureConfig())


def _signing() -> None:
    from pipelines.dedup.config import DedupConfig
    from pipelines.dedup.signing import Signing
    from pipelines.dedup.verification import SCHEMA, Verification  # noqa: F401

    candidates = pa.RecordBatch.from_pydict({"doc_id": [""], "text": [TEXT], "priority": pa.array([0], pa.int32())})
    Signing(DedupConfig(), 0, "")(candidates)


def _finalizing() -> None:
    from pipelines.text.finalize import FinalizeConfig, finalize

    finalize(TEXT, FinalizeConfig())


WARM_UPS: dict[str, Callable[[], None]] = {
    "functions": _functions,
    "reading": _reading,
    "measuring": _measuring,
    "signing": _signing,
    "finalizing": _finalizing,
}


def _archive(page: str) -> str:
    """A WARC file of one response."""
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}"
    head = [
        "WARC/1.0",
        "WARC-Type: response",
        "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>",
        "WARC-Date: 2020-01-01T00:00:00Z",
        "WARC-Target-URI: https://example.org/",
        "Content-Type: application/http; msgtype=response",
        f"Content-Length: {len(http.encode())}",
    ]
    return "\r\n".join([*head, "", http, "", ""])
