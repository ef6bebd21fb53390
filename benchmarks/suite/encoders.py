"""Tokenizer libraries beside ours, on one core."""

from pathlib import Path

from benchmarks.environments import ours, peer
from benchmarks.results import Found, Row
from benchmarks.setting import Setting, tokenizer

REFERENCE = "tokenizers"
PEERS = (REFERENCE, "fastokens", "gigatoken", "tiktoken")
DIGEST = 8  # bytes that stand for one document's ids


def encoders(setting: Setting) -> Found:
    """Encoders, one core.

    Millions of tokens per second of CPU time, the vocabulary of 32,768 byte-level BPE tokens that all benchmarks
    here use, texts in memory in batches of 1,000, loading and imports not counted. Ours is the encoder that stage
    `tokenize` calls, Arrow in, Arrow out. The peers by the call that their documentation has for many texts:
    tokenizers `encode_batch_fast`, fastokens `encode_batch_flat`, gigatoken `encode_batch`, tiktoken
    `encode_ordinary_batch`. The ids of every document are compared with those of tokenizers.
    """
    texts, work = setting.texts(setting.sizes[-1]), setting.work / "encoders"
    work.mkdir(parents=True, exist_ok=True)
    options = ["--input", texts, "--tokenizer", tokenizer(setting)]
    mine = ours("encode.py", 1, *options, "--digests", work / "ours").said()
    said = {
        name: peer("encoders", "peer.py", setting.cache, 1, name, *options, "--digests", work / name).said()
        for name in PEERS
    }
    expected = _digests(work / REFERENCE)
    rate = _rate(mine)
    found = Found(versions={key: value for one in said.values() for key, value in one["versions"].items()})
    wrong = _differing(_digests(work / "ours"), expected)
    for name in PEERS:
        theirs = _differing(_digests(work / name), expected)
        what = f"documents whose ids differ: ours {wrong:,}, {name} {theirs:,}, of {len(expected):,}"
        found.rows.append(Row(what, "M tokens/s", rate, _rate(said[name]), name))
    return found


def _rate(said: dict) -> float:
    done = said["measured"]["encode"]
    return done["tokens"] / done["cpu_seconds"] / 1e6


def _digests(file: Path) -> list[bytes]:
    """One for each document, in their order."""
    data = file.read_bytes()
    return [data[begin : begin + DIGEST] for begin in range(0, len(data), DIGEST)]


def _differing(digests: list[bytes], expected: list[bytes]) -> int:
    if len(digests) != len(expected):
        raise RuntimeError(f"ids of {len(digests):,} documents, and of {len(expected):,} in the reference")
    return sum(one != other for one, other in zip(digests, expected, strict=True))
