"""Twenty days in the life of a lake: what arrives, changes, fails and leaves.

A day changes the input, the configuration, the program or the lake; then the command runs. In the end the lake must
equal one run over the final input.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import corpus
import lake_rows
import yaml
from deltalake import DeltaTable
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as Bytes
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

CHINESE = "清晨的渡口停着三条木船船夫把绳索系在石柱上等着对岸的商人过河市场里卖茶叶丝绸和瓷器的店铺刚刚开门"
KOREAN = "아침 시장에는 생선과 채소를 파는 사람들이 일찍부터 모여들고 다리 건너 마을에서는 학교 종소리가 멀리 들려온다"


@dataclass
class Days:
    """The input folder, the configuration and the lake, at the state of `day`; day 0 is before the first run."""

    home: Path
    day: int = 0
    upgraded: bool = False  # whether the program of today has a newer version of a step
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.input.mkdir(parents=True)
        for name in ("en", "zh", "ko", "posts"):
            (self.input / name).mkdir()
        (self.input / "posts" / "first.md").write_text(corpus.prose(1900))
        self.settings = {
            "lake": str(self.lake),
            "sources": [
                {"name": "en", "path": "en"},
                {"name": "zh", "path": "zh"},
                {"name": "ko", "path": "ko"},
                {"name": "posts", "path": "posts", "priority": 1},
            ],
            "clean": {"policy": "none"},
            "tokenizer": {"name": "fixed", "load": str(_tokenizer(self.home / "tokenizer.json"))},
            "pack": [{"length": 64}, {"name": "chunks", "length": 48, "strategy": "concat"}],
            "ingest": {"reject_limit": 1},
        }

    @property
    def input(self) -> Path:
        """The input folder, which moves on day 8."""
        return self.home / ("in" if self.day < 8 else "moved")

    @property
    def lake(self) -> Path:
        """The lake that lives on."""
        return self.home / "lake"

    def config(self, lake: Path | None = None) -> Path:
        """Writes the configuration of today, for the lake or for another one."""
        sources = [{**each, "path": str(self.input / each["path"])} for each in self.settings["sources"]]
        path = self.home / "config.yaml"
        path.write_text(yaml.safe_dump({**self.settings, "sources": sources, "lake": str(lake or self.lake)}))
        return path

    def dawn(self) -> None:
        """The next day: daily arrivals, and what else happens on it."""
        before = self.input
        self.day += 1
        if self.input != before:
            before.rename(self.input)
        self._arrive()
        special = getattr(self, f"_day_{self.day}", None)
        if special:
            special()

    def _arrive(self) -> None:
        day = self.day
        texts = [corpus.prose(day * 10 + n) for n in range(3)]
        (self.input / "en" / f"{day:02}.jsonl").write_text("".join(_line(text) for text in texts))
        (self.input / "zh" / f"{day:02}.txt").write_text(_shuffled(CHINESE, day, "", "。", 9))
        (self.input / "ko" / f"{day:02}.txt").write_text(_shuffled(KOREAN, day, " ", ". ", 12))
        with (self.input / "en" / "growing.jsonl").open("a") as stream:
            stream.write(_line(corpus.prose(1000 + day)))

    def _day_2(self) -> None:
        (self.input / "posts" / "old.csv").write_text(
            f'id,content\n1,"{corpus.prose(2000)}"\n2,"{corpus.prose(2001)}"\n'
        )
        (self.input / "en" / "note.md").write_text(corpus.prose(2100))
        (self.input / "en" / "doomed.md").write_text(corpus.prose(2200))

    def _day_3(self) -> None:
        (self.input / "en" / "late.md").symlink_to(self.home / "late.md")

    def _day_4(self) -> None:
        (self.home / "late.md").write_text(corpus.prose(2300))

    def _day_5(self) -> None:
        (self.input / "posts" / "copy.jsonl").write_text(
            _line(corpus.prose(10)) + _line(corpus.near_copy(corpus.prose(11)))
        )

    def _day_6(self) -> None:
        (self.input / "en" / "note.md").write_text(corpus.prose(2100).replace("note", "NOTE"))

    def _day_7(self) -> None:
        (self.input / "en" / "doomed.md").unlink()

    def _day_9(self) -> None:
        self.settings["clean"] = {"policy": "gopher"}

    def _day_10(self) -> None:
        self.settings["sources"][3]["text_column"] = "content"
        (self.input / "posts" / "copy.jsonl").unlink()
        (self.input / "posts" / "copy.md").write_text(corpus.prose(12))

    def _day_11(self) -> None:
        (self.input / "en" / "01.jsonl").write_text(_line(corpus.prose(10)) + _line(corpus.prose(11)))  # without 12

    def _day_12(self) -> None:
        for name in lake_rows.tables(self.lake):
            expire_log(self.lake / name)

    def _day_13(self) -> None:
        self.settings["clean"] = {"policy": "none"}

    def _day_14(self) -> None:
        (self.input / "en" / "note.md").write_text(corpus.prose(2100))

    def _day_15(self) -> None:
        shutil.rmtree(self.input / "ko")
        (self.input / "ko").mkdir()
        (self.input / "ko" / "all.txt").write_text(_shuffled(KOREAN, 15, " ", ". ", 30))

    def _day_16(self) -> None:
        self.upgraded = True

    def _day_18(self) -> None:
        for name in lake_rows.tables(self.lake):
            DeltaTable(str(self.lake / name)).optimize.compact()

    def _day_19(self) -> None:
        (self.input / "posts" / "old.csv").unlink()


def play(days: Days, run: Callable[[Days], None], last: int = 20) -> None:
    """Lives up to a day; `run` runs the command of each."""
    while days.day < last:
        days.dawn()
        run(days)


def expire_log(table: Path) -> None:
    """Cuts a table's log at a checkpoint, as other programs do after 30 days."""
    opened = DeltaTable(str(table))
    opened.create_checkpoint()
    for commit in (table / "_delta_log").glob("*.json"):
        if int(commit.stem) < opened.version():
            commit.unlink()


def _line(text: str) -> str:
    return json.dumps({"text": text, "content": text}) + "\n"


def _shuffled(text: str, seed: int, separator: str, stop: str, count: int) -> str:
    """Sentences of the words, or characters, of a text in a random order."""
    parts = text.split(separator) if separator else list(text)
    random = Random(seed)
    return "".join(separator.join(random.sample(parts, min(len(parts), 14))) + stop for _ in range(count))


def _tokenizer(path: Path) -> Path:
    """A byte-level tokenizer, the same for every lake."""
    made = Tokenizer(BPE())
    made.pre_tokenizer, made.decoder = ByteLevel(add_prefix_space=False), Bytes()
    trainer = BpeTrainer(vocab_size=600, special_tokens=["<|endoftext|>"], initial_alphabet=ByteLevel.alphabet())
    made.train_from_iterator([corpus.prose(n) for n in range(20)], trainer)
    made.save(str(path))
    return path
