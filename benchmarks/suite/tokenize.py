"""Token ids: stage `tokenize` on each engine beside the bare library and datatrove."""

from benchmarks.environments import peer
from benchmarks.results import Found, Goal, Row
from benchmarks.setting import Setting, all_kept, our_run, peer_run, tokenizer

BEFORE = 2.6  # millions of tokens a second of this stage on two cores, before the encoder was replaced


def tokenize(setting: Setting) -> Found:
    """Tokenizing.

    Byte-level BPE of 32,768 tokens, loaded from a file. Ours is stage `tokenize`, Delta in, Delta out, one commit;
    "work" is the stage alone, which the goal is about. datatrove reads JSON lines and writes shuffled token files.
    "In" is documents, "out" tokens. Below: the stage's rate beside `encode_batch_fast` of tokenizers with nothing
    around it, one process with one thread on each core, text in memory, ids dropped. The texts are the same, and so
    is the number of ids.
    """
    size, file, found = setting.sizes[-1], tokenizer(setting), Found()
    made = all_kept(setting, size).copy(f"to-tokenize-{size}")
    sections = {"clean": {"policy": "none"}, "tokenizer": {"name": "bench", "load": str(file)}}
    made.configure(**sections).stage("dedup")
    texts = setting.work / "clean-texts"
    count = made.texts(texts, parts=4 * setting.cores)
    group = f"{count:,} documents"
    options = ["--input", texts, "--cores", str(setting.cores), "--tokenizer", file]
    raw = peer("raw", "encode.py", setting.cache, setting.cores, *options).said()
    limit = raw["measured"]["encode"]
    for engine in setting.engines:
        lake = made.copy(f"tokenized-{engine}", engine).configure(**sections)
        command = lake.stage("tokenize")
        tokens = sum(lake.table("tokens", "n_tokens")["n_tokens"].to_pylist())
        if tokens != limit["tokens"]:
            raise RuntimeError(f"ours makes {tokens:,} tokens of the texts, the library {limit['tokens']:,}")
        found.runs.append(our_run(group, engine, command, count, tokens, "tokenize"))
        rate = tokens / command.stages["tokenize"] / 1e6
        theirs = limit["tokens"] / limit["seconds"] / 1e6
        found.rows.append(Row(f"stage `tokenize`, {engine}", "M tokens/s", rate, theirs, "encode_batch_fast"))
        if size == 36_000:
            what = f"stage `tokenize`, {group}"
            found.goals.append(Goal(what, engine, rate, "M tokens/s", least=5 * BEFORE))
    options += ["--output", setting.work / "peer"]
    finished = peer("datatrove", "peer.py", setting.cache, setting.cores, "tokenize", *options)
    said = finished.said()
    seconds, theirs = said["measured"]["tokenize"]["seconds"], said["measured"]["results"]["tokens"]
    found.runs.append(peer_run(group, "datatrove", finished, seconds, count, theirs))
    found.versions |= {**raw["versions"], **said["versions"]}
    return found
