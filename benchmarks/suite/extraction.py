"""Reading web archives: ours, the bare libraries, datatrove."""

from statistics import median

from benchmarks.environments import ours, peer
from benchmarks.results import Found, Row
from benchmarks.setting import Setting


def extraction(setting: Setting) -> Found:
    """WARC to text, one core.

    Pages per second of CPU time, on one core, imports not counted. Ours is the reader alone, without Spark: listing,
    splitting, positions, rejects, charset and transfer codings, main text by resiliparse. The limit is fastwarc +
    resiliparse in a bare loop on the same files, interleaved, median of three. datatrove is its WARC reader and
    trafilatura (10 s a page, as ours), on the first pages of the same files.
    """
    archives = setting.archives(setting.sizes[-1])
    our_runs, raw_runs = [], []
    for _ in range(setting.samples.repetitions):
        our_runs.append(ours("extraction.py", 1, "--input", archives).said())
        raw_runs.append(peer("raw", "extraction.py", setting.cache, 1, "--input", archives).said())
    options = ["--input", archives, "--output", setting.work / "peer", "--limit", str(setting.samples.extraction)]
    datatrove = peer("datatrove", "peer.py", setting.cache, 1, "extraction", *options).said()
    found = [run["measured"]["extraction"] for run in our_runs]
    raw = [run["measured"]["extraction"] for run in raw_runs]
    if found[0]["characters"] != raw[0]["characters"]:
        raise RuntimeError(f"ours and the limit differ in text: {found[0]} and {raw[0]}")
    if not datatrove["measured"]["extraction"]["texts"]:
        raise RuntimeError("datatrove extracted no text from any page")
    rate = median(run["documents"] / run["cpu_seconds"] for run in found)
    pairs = [other["cpu_seconds"] / own["cpu_seconds"] for own, other in zip(found, raw, strict=True)]
    slow = datatrove["measured"]["extraction"]
    rows = [
        Row("WARC → text", "pages/s", rate, rate / median(pairs), "fastwarc + resiliparse", goal=0.8),
        Row("WARC → text", "pages/s", rate, slow["documents"] / slow["cpu_seconds"], "datatrove, trafilatura"),
    ]
    return Found(rows, versions={**our_runs[0]["versions"], **datatrove["versions"]})
