"""Files -> histories: bitext, glossaries, clients, logs of requests. A view whose files are not configured stays."""

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from features.catalogue.client import CLIENT_PROFILE, CLIENT_USAGE
from features.catalogue.translation import LANGUAGE_PAIR_STATISTICS, SEGMENT_MEMORY, TERM_GLOSSARY
from features.computation.bitext import language_pair_statistics, length_counts, pairs, segment_memory
from features.computation.bitext_lines import LINES, read_lines
from features.computation.clients import client_profile, client_usage
from features.computation.config import BitextConfig
from features.computation.glossary import term_glossary
from features.computation.input_file import InputFile, found
from features.computation.reading import Reading
from features.computation.request_log import REQUESTS, read_requests
from features.definition.view import View
from jobs.stages.context import StageContext
from jobs.stages.feature_work import plan
from jobs.stages.token_counts import token_counter, tokenizer_in_force
from lake.ledger import fingerprint
from lake.scratch import Scratch
from pipelines.semantics import BITEXT_FEATURES, RECORD_FEATURES

SCRATCH = "features"
"""The folder of intermediate rows."""


def bitext(run: StageContext) -> None:
    """Sentence pairs -> statistics of their language pairs, and translation memory."""
    configured = run.config.features.bitext
    if not configured:
        return
    files = [found(each.path) for each in configured]
    content = [[each.fingerprint(), file.digest] for each, file in zip(configured, files, strict=True)]
    at = max(file.modified for file in files)
    tokenizer = tokenizer_in_force(run.lake)
    of_pairs = plan(run, LANGUAGE_PAIR_STATISTICS, [], BITEXT_FEATURES, fingerprint(content, tokenizer), at)
    of_segments = plan(run, SEGMENT_MEMORY, [], BITEXT_FEATURES, fingerprint(content), at)
    if not (of_pairs or of_segments):
        return
    counter = token_counter(run.lake, tokenizer) if tokenizer and of_pairs else None
    with Scratch(run.lake, SCRATCH) as scratch:
        lines = scratch.stream(_lines(run, files, configured), LINES)
        measured = scratch.keep(pairs(lines.repartition(run.engine.parallelism()), counter))
        if of_pairs:
            statistics = language_pair_statistics(length_counts(measured).toArrow())
            of_pairs.commit(run, run.engine.frame(statistics), tokenizer=tokenizer or "")
        if of_segments:
            of_segments.commit(run, scratch.keep(segment_memory(measured)))


def _lines(
    run: StageContext, files: Sequence[InputFile], configured: Sequence[BitextConfig]
) -> Iterator[pa.RecordBatch]:
    for file, config in zip(files, configured, strict=True):
        reading = Reading("pairs")
        yield from read_lines(file, config, reading)
        _report(run, "bitext_read", file, reading)


def _report(run: StageContext, event: str, file: InputFile, reading: Reading) -> None:
    """Says how many rows a file has, and what was left out."""
    said = {"rows": reading.rows, "left_out": dict(reading.left_out), "first_left_out": reading.first}
    run.reporter.event(event, f"  read       {file.path}: {reading.described()}", path=file.path, **said)


def glossary(run: StageContext) -> None:
    """Glossaries -> terms."""
    _records(run, TERM_GLOSSARY, run.config.features.glossary, term_glossary)


def clients(run: StageContext) -> None:
    """The file of clients -> their profiles."""
    path = run.config.features.clients
    _records(run, CLIENT_PROFILE, [path] if path else [], client_profile)


def usage(run: StageContext) -> None:
    """Logs of requests -> the usage of clients, as of the last request of each."""
    paths = run.config.features.requests
    if not paths:
        return
    files = [found(path) for path in paths]
    work = plan(run, CLIENT_USAGE, [], RECORD_FEATURES, _content(files), max(file.modified for file in files))
    if work is None:
        return
    with Scratch(run.lake, SCRATCH) as scratch:
        requests = scratch.stream(_requests(run, files), REQUESTS)
        work.commit(run, client_usage(requests))


def _requests(run: StageContext, files: Sequence[InputFile]) -> Iterator[pa.RecordBatch]:
    for file in files:
        reading = Reading("requests")
        yield from read_requests(file, reading)
        _report(run, "requests_read", file, reading)


def _records(
    run: StageContext, view: View, paths: Sequence[str], compute: Callable[[list[InputFile]], pa.Table]
) -> None:
    """Brings a view of rows that people write up to date. Rows are read only if a file has changed."""
    if not paths:
        return
    files = [found(path) for path in paths]
    work = plan(run, view, [], RECORD_FEATURES, _content(files), max(file.modified for file in files))
    if work is not None:
        work.commit(run, run.engine.frame(compute(files)))


def _content(files: Sequence[InputFile]) -> str:
    return fingerprint([file.digest for file in files])
