"""Small lakes of sentence pairs with a table for training translation."""

from typing import ClassVar

from bitext.pair_lakes import PairLake

from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter

LONG = "a very long sentence " * 12
STAGES = ("pairs", "tokenize", "pack")


def sentences(first, last):
    """TSV with up to four translations of each English sentence, some of them of the one before too."""
    lines = [
        f"Sentence number {number} is here.\tSatz {number - copy // 3} steht da, Fassung {copy % 3}."
        for number in range(first, last)
        for copy in range(1 + number % 4)
    ]
    return "\n".join(lines) + "\n"


class TranslationLake(PairLake):
    """A lake with a table `sequences_pairs`; `sections` replace those of its configuration."""

    sections: ClassVar[dict] = {}

    def config(self) -> RunConfig:
        given = super().config().model_dump(mode="json", exclude_unset=True)
        table = {"name": "pairs", "length": 64, "heldout": 0.3, "directions": "both"}
        sections = {"tokenizer": {"vocab_size": 300}, "translation": [table], **self.sections}
        return RunConfig.model_validate({**given, **sections})

    def run(self, **files):
        for name, content in files.items():
            path = self.folder / f"{name}.tsv"
            path.unlink() if content is None else path.write_text(content)
        assert run_stages(self.engine, self.config(), Reporter(), conclude=True) == 0
        return self

    def packed(self):
        return self.lake.read("sequences_pairs").toArrow().to_pylist()


def texts(lake):
    """pair_id -> (source, target)."""
    return {pair_id: sides for pair_id, *sides in lake.rows("clean_pairs", "pair_id", "source_text", "target_text")}
