"""Near duplicates: datatrove and text-dedup beside stage `dedup`."""

from benchmarks.environments import peer
from benchmarks.lakes import Command
from benchmarks.results import Row
from benchmarks.setting import Setting, all_kept, count_lines

PARITY = {"exact": False, "minhash": {"verify": False}}  # what datatrove does


def minhash(setting: Setting) -> tuple[list[Row], dict[str, str]]:
    """MinHash end to end, all cores.

    Seconds for all documents, none dropped before: 14 bands of 8, 5-grams. Ours is stage `dedup`, Delta in, Delta out,
    three commits: signatures, clusters, and the surviving text with mojibake repaired and personal data replaced;
    "parity" does what datatrove does, "default" adds exact duplicates and true similarity within clusters.
    datatrove runs its four stages on JSON lines; the last writes the surviving text. Against text-dedup (JSON lines to
    an Arrow data set) whole commands are compared: Python's start and ours with the JVM.
    """
    documents = count_lines(setting.texts())
    parity, default = (deduplicated(setting, name, dedup) for name, dedup in (("parity", PARITY), ("default", {})))
    options = ["--input", setting.texts(), "--output", setting.work / "peer", "--cores", str(setting.cores)]
    datatrove = peer("datatrove", "peer.py", setting.cache, setting.cores, "minhash", *options).said()
    seconds = datatrove["measured"]["minhash"]["seconds"]
    rows = [
        _row(f"parity, {documents:,} documents", parity.stages["dedup"], seconds, "datatrove", 20),
        _row(f"default, {documents:,} documents", default.stages["dedup"], seconds, "datatrove", 20),
    ]
    versions = dict(datatrove["versions"])
    for size in dict.fromkeys((setting.sizes.small, documents)):
        small = None if abs(size - documents) < documents / 100 else size
        command = default if small is None else deduplicated(setting, f"small-{small}", {}, small)
        texts = setting.texts(small)
        options = ["--input", texts, "--output", setting.work / "peer", "--cores", str(setting.cores)]
        other = peer("text_dedup", "peer.py", setting.cache, setting.cores, "minhash", *options)
        versions |= other.said()["versions"]
        label = f"whole command, {count_lines(texts):,} documents"
        rows.append(_row(label, command.seconds, other.seconds, "text-dedup", 1))
        if small is None:
            break
    return rows, versions


def deduplicated(setting: Setting, name: str, dedup: dict[str, object], documents: int | None = None) -> Command:
    """Stage `dedup` on a lake of its own, called `dedup-NAME`."""
    lake = all_kept(setting, documents).copy(f"dedup-{name}")
    lake.configure(clean={"policy": "none"}, dedup=dedup)
    return lake.stage("dedup")


def _row(what: str, seconds: float, peer_seconds: float, name: str, goal: float) -> Row:
    return Row(what, "s", seconds, peer_seconds, name, goal=goal, lower_is_better=True)
