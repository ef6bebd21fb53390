"""Near duplicates: datatrove and text-dedup beside stage `dedup`."""

from typing import Any

from benchmarks.environments import peer
from benchmarks.lakes import Command
from benchmarks.results import Row
from benchmarks.setting import Setting, all_kept, count_lines, each_further

# What the peers do: signatures, buckets, components, and the surviving text as it is.
PARITY = {
    "dedup": {"exact": False, "minhash": {"verify": False}},
    "clean": {"policy": "none", "repair": {"enabled": False}, "pii": {"kinds": []}},
}
DEFAULT = {"clean": {"policy": "none"}}


def minhash(setting: Setting) -> tuple[list[Row], dict[str, str]]:
    """MinHash end to end, all cores.

    Seconds for all documents, none dropped before: 14 bands of 8, 5-grams. Ours is stage `dedup`, Delta in, Delta out,
    three commits: signatures, clusters, and the surviving text. "Parity" does what the peers do; "default" adds exact
    duplicates, true similarity within clusters, and in the surviving text repairs mojibake and replaces personal data.
    datatrove runs its four stages on JSON lines; the last writes the surviving text. Against text-dedup (JSON lines to
    an Arrow data set) whole commands are compared: Python's start and ours with the JVM. "Each further document" is
    what those beyond the smaller run take.
    """
    documents, size = count_lines(setting.texts()), setting.sizes.small
    parity, default = deduplicated(setting, "parity", PARITY), deduplicated(setting, "default", DEFAULT)
    options = ["--input", setting.texts(), "--output", setting.work / "peer", "--cores", str(setting.cores)]
    datatrove = peer("datatrove", "peer.py", setting.cache, setting.cores, "minhash", *options).said()
    seconds = datatrove["measured"]["minhash"]["seconds"]
    rows = [
        _row(f"parity, {documents:,} documents", parity.stages["dedup"], seconds, "datatrove", 20),
        _row(f"default, {documents:,} documents", default.stages["dedup"], seconds, "datatrove", 20),
    ]
    versions = dict(datatrove["versions"])
    measured: list[tuple[int, float, float]] = []
    for small in (size, None):
        command = parity if small is None else deduplicated(setting, f"small-{small}", PARITY, small)
        texts = setting.texts(small)
        options = ["--input", texts, "--output", setting.work / "peer", "--cores", str(setting.cores)]
        other = peer("text_dedup", "peer.py", setting.cache, setting.cores, "minhash", *options)
        versions |= other.said()["versions"]
        count = documents if small is None else count_lines(texts)
        measured.append((count, command.seconds, other.seconds))
        label = f"parity, whole command, {count:,} documents"
        rows.append(_row(label, command.seconds, other.seconds, "text-dedup", 1))
    (fewer, our_fewer, their_fewer), (_, ours, theirs) = measured
    rates = each_further(documents, ours, fewer, our_fewer), each_further(documents, theirs, fewer, their_fewer)
    for their_rate, name in ((rates[1], "text-dedup"), (documents / seconds, "datatrove")):
        if rates[0] and their_rate:
            rows.append(Row("parity, each further document", "docs/s", rates[0], their_rate, name))
    return rows, versions


def deduplicated(setting: Setting, name: str, sections: dict[str, Any], documents: int | None = None) -> Command:
    """Stage `dedup` on a lake of its own, called `dedup-NAME`."""
    return all_kept(setting, documents).copy(f"dedup-{name}").configure(**sections).stage("dedup")


def _row(what: str, seconds: float, peer_seconds: float, name: str, goal: float) -> Row:
    return Row(what, "s", seconds, peer_seconds, name, goal=goal, lower_is_better=True)
