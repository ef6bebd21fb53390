"""What a small delivery to a large lake costs."""

import shutil
from pathlib import Path

from benchmarks.lakes import Lake
from benchmarks.results import Found, Goal
from benchmarks.setting import Setting, count_lines, our_run, tokenizer

ONE_IN = 100


def increment(setting: Setting) -> Found:
    """One document in a hundred arrives later.

    `tokenlake run`, whole commands: the corpus without every hundredth document; these documents alone, in a lake of
    their own; the same documents added to the large lake; and the command once more, with nothing new. "In" is
    documents read, "out" documents tokenized.
    """
    found = Found()
    size = setting.sizes[-1]
    folder = setting.work / f"increment-{size}"
    count = _divide(setting.texts(size), folder)
    for engine in setting.engines_at(size):
        whole = setting.lake(f"increment-{engine}", engine)
        alone = setting.lake(f"increment-alone-{engine}", engine)
        most = _configured(whole, setting, folder / "most").run()
        first = _configured(alone, setting, folder / "rest").run()
        before = whole.rows("tokens")
        added = _configured(whole, setting, folder).again()
        after = whole.rows("tokens")
        again = whole.again()
        rest = count - count_lines(folder / "most")
        for label, command, read, tokenized in (
            (f"{count - rest:,} documents", most, count - rest, before),
            (f"{rest:,} documents alone", first, rest, alone.rows("tokens")),
            (f"{rest:,} documents added", added, rest, after - before),
            ("nothing new", again, 0, 0),
        ):
            found.runs.append(our_run(label, engine, command, read, tokenized))
        ratio = added.seconds / first.seconds
        found.goals += [
            Goal("1 % added to a lake: times the same alone", engine, ratio, "×", most=1.5),
            Goal("nothing new in a large lake", engine, again.seconds, "s", most=2),
        ]
    found.runs.sort(key=lambda run: run.group)
    return found


def _configured(lake: Lake, setting: Setting, folder: Path) -> Lake:
    return lake.configure(
        sources=[{"name": "texts", "path": str(folder)}],
        clean={"policy": "none"},
        tokenizer={"name": "bench", "load": str(tokenizer(setting))},
        pack=[{"name": "causal", "length": 1024}],
    )


def _divide(texts: Path, folder: Path) -> int:
    """Copies JSON lines to `most`, every hundredth of them to `rest`; the number of all."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("most", "rest"):
        (folder / part).mkdir(parents=True)
    number = 0
    for file in sorted(texts.glob("*.jsonl")):
        lines = file.read_bytes().splitlines(keepends=True)
        chosen = [(number + place) % ONE_IN == 0 for place in range(len(lines))]
        for part, is_rest in (("most", False), ("rest", True)):
            wanted = (line for line, rest in zip(lines, chosen, strict=True) if rest == is_rest)
            (folder / part / file.name).write_bytes(b"".join(wanted))
        number += len(lines)
    return number
