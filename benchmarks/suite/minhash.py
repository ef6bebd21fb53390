"""Near duplicates: stage `dedup` on each engine beside datatrove, text-dedup, rensa and FastSketchLSH."""

from typing import Any

from benchmarks.environments import peer
from benchmarks.lakes import Command, Lake
from benchmarks.results import Found, Goal, Run
from benchmarks.setting import Setting, all_kept, count_lines, our_run, peer_run
from pipelines.pii.spans import KINDS

# What the peers do: signatures, buckets, components, and the surviving text as it is.
PARITY = {
    "dedup": {"exact": False, "minhash": {"verify": False, "language": "en"}},
    "clean": {"policy": "none"},
}
DEFAULT = {"clean": {"policy": "none", "repair": {"enabled": True}, "pii": {"kinds": list(KINDS)}}}
# Name in the tables -> environment, script's first argument.
PEERS = {
    "datatrove": ("datatrove", "minhash"),
    "text-dedup": ("text_dedup", "minhash"),
    "rensa": ("sketches", "rensa"),
    "FastSketchLSH": ("sketches", "fastsketchlsh"),
}


def minhash(setting: Setting) -> Found:
    """MinHash end to end.

    Whole commands, no document dropped before; 5-grams of words, 14 bands of 8. Ours is stage `dedup`, Delta in,
    Delta out, three commits: signatures, clusters, and the surviving text. It is set to do what the peers do;
    "default settings" adds exact duplicates, true similarity within clusters, and in the surviving text repairs
    mojibake and replaces personal data. datatrove runs its four stages on JSON lines, text-dedup goes from JSON
    lines to an Arrow data set. rensa and FastSketchLSH are libraries of signatures and buckets, in a script that
    reads JSON lines, splits words by `\\w+`, makes components of what shares a bucket, and writes the surviving
    lines: one process, threads inside the library only. Theirs leave out: any language's own word splitting
    (Chinese and Japanese lines are one word, so short texts there have no 5-gram and stay), normalising of
    punctuation and digits, and continuing with more documents another day. FastSketchLSH takes powers of two only:
    16 bands of 8. Word splitters differ, so "out" does.
    """
    found = Found()
    for size in setting.sizes:
        texts = setting.texts(size)
        count = count_lines(texts)
        group = f"{count:,} documents"
        ours = {}
        for engine in setting.engines_at(size):
            command, lake = deduplicated(setting, size, engine, "parity", PARITY)
            ours[engine] = our_run(group, engine, command, count, lake.rows("clean_documents"), "dedup")
        found.runs += ours.values()
        if size == setting.sizes[-1]:
            command, lake = deduplicated(setting, size, setting.engine, "default", DEFAULT)
            label = f"{setting.engine}, default settings"
            found.runs.append(our_run(group, label, command, count, lake.rows("clean_documents"), "dedup"))
        peers = {name: _peer(setting, name, group, size, count, found) for name in PEERS}
        found.runs += peers.values()
        for engine, run in ours.items():
            for name, sizes, least in (("datatrove", (36_000,), 20), ("text-dedup", (5_000, 36_000), 2)):
                if size in sizes:
                    what = f"MinHash end to end, {group}: times {name}"
                    found.goals.append(Goal(what, engine, peers[name].seconds / run.seconds, "×", least=least))
    return found


def deduplicated(
    setting: Setting, size: int, engine: str, name: str, sections: dict[str, Any]
) -> tuple[Command, Lake]:
    """Stage `dedup` on a lake of its own."""
    lake = all_kept(setting, size).copy(f"dedup-{name}-{size}-{engine}", engine).configure(**sections)
    return lake.stage("dedup"), lake


def _peer(setting: Setting, name: str, group: str, size: int, count: int, found: Found) -> Run:
    environment, step = PEERS[name]
    options = ["--input", setting.texts(size), "--output", setting.work / "peer", "--cores", str(setting.cores)]
    finished = peer(environment, "peer.py", setting.cache, setting.cores, step, *options)
    said = finished.said()
    found.versions |= said["versions"]
    done = said["measured"]
    left = done["results"]["deduplicated"] if "results" in done else done[step]["deduplicated"]
    return peer_run(group, name, finished, done[step]["seconds"], count, left)
