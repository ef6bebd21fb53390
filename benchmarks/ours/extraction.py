"""Our web archive reader without Spark, on one core: splits, positions, rejects, everything but the language.

extraction.py --input FOLDER
"""

import argparse
from pathlib import Path

from benchmarks.clock import Clock
from pipelines.readers.config import SourceConfig
from pipelines.readers.dispatch import read
from pipelines.readers.listing import list_files
from pipelines.readers.record import Document
from pipelines.readers.splits import split

SPLIT_BYTES = 16 << 20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    options = parser.parse_args()
    source = SourceConfig(name="pages", path=str(options.input / "*.warc.gz"))
    import pipelines.readers.warc  # noqa: F401  the peers' imports are not counted either

    clock = Clock("fastwarc", "resiliparse")
    with clock.measure("extraction") as done:
        documents = rejects = characters = 0
        for piece in split(list_files(source), source, SPLIT_BYTES):
            for record in read(piece):
                if isinstance(record, Document):
                    documents += 1
                    characters += len(record.text)
                else:
                    rejects += 1
        done |= {"documents": documents + rejects, "rejects": rejects, "characters": characters}
    clock.say()


if __name__ == "__main__":
    main()
