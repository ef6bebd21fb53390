"""Language identification beside ours, on one core."""

from benchmarks.environments import ours, peer
from benchmarks.results import Found, Row
from benchmarks.setting import Setting


def languages(setting: Setting) -> Found:
    """Language identification, one core.

    Documents per second of CPU time, whole texts in memory, loading not counted. Ours is fastText's lid.176.ftz
    read by kernels of our own; ELDC reads the first 1,000 bytes of a text. Accuracy is the share of documents that
    get the language their package names, so a page of a German package that is English counts against both.
    """
    texts = setting.texts(setting.sizes[-1])
    mine = ours("languages.py", 1, "--input", texts).said()
    theirs = peer("languages", "peer.py", setting.cache, 1, "--input", texts).said()
    own, other = mine["measured"]["identify"], theirs["measured"]["identify"]
    shares = [entry["right"] / entry["documents"] for entry in (own, other)]
    rates = [entry["documents"] / entry["cpu_seconds"] for entry in (own, other)]
    what = f"{own['documents']:,} documents; accuracy: ours {shares[0]:.3f}, ELDC {shares[1]:.3f}"
    return Found([Row(what, "docs/s", rates[0], rates[1], "ELDC")], versions=theirs["versions"])
