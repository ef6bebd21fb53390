"""Token ids: the bare library and datatrove beside stage `tokenize`."""

from benchmarks.environments import peer
from benchmarks.results import Row
from benchmarks.setting import Setting, all_kept, tokenizer


def tokenize(setting: Setting) -> tuple[list[Row], dict[str, str]]:
    """Tokenizing, all cores.

    Tokens per second, byte-level BPE of 32,768 tokens. Ours is stage `tokenize`, Delta in, Delta out, one commit, the
    tokenizer loaded from a file; "command" adds Python, the JVM's start and the record of the run. The limit is
    `encode_batch_fast` alone: one process with one thread on each core, text in memory, ids dropped. datatrove reads
    JSON lines and writes shuffled token files. The texts are the same, and so is the number of ids.
    """
    file = tokenizer(setting)
    lake = all_kept(setting).copy("tokenized")
    lake.configure(clean={"policy": "none"}, tokenizer={"name": "bench", "load": str(file)})
    lake.stage("dedup")
    texts = setting.work / "clean-texts"
    lake.texts(texts, parts=4 * setting.cores)
    command = lake.stage("tokenize")
    options = ["--input", texts, "--cores", str(setting.cores), "--tokenizer", file]
    raw = peer("raw", "encode.py", setting.cache, setting.cores, *options).said()
    options += ["--output", setting.work / "peer"]
    datatrove = peer("datatrove", "peer.py", setting.cache, setting.cores, "tokenize", *options).said()
    tokens = sum(lake.table("tokens", "n_tokens").to_table()["n_tokens"].to_pylist())
    limit, slow = raw["measured"]["encode"], datatrove["measured"]
    if tokens != limit["tokens"]:
        raise RuntimeError(f"ours makes {tokens:,} tokens of the texts, the library {limit['tokens']:,}")
    rate = tokens / command.stages["tokenize"]
    theirs = slow["results"]["tokens"] / slow["tokenize"]["seconds"]
    rows = [
        Row("stage `tokenize`", "tokens/s", rate, limit["tokens"] / limit["seconds"], "encode_batch_fast", goal=0.9),
        Row("stage `tokenize`", "tokens/s", rate, theirs, "datatrove"),
        Row("its whole command", "tokens/s", tokens / command.seconds, theirs, "datatrove"),
    ]
    return rows, {**raw["versions"], **datatrove["versions"]}
