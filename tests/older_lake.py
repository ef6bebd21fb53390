"""A lake as commit 8d230ab made it, under contract 1, in two runs over tests/corpus.py: 37 documents."""

import zipfile
from pathlib import Path

_ARCHIVE = Path(__file__).with_name("lake_of_contract_1.zip")


def unpack(folder: Path) -> str:
    """Unpacks the lake below a folder; returns its root."""
    with zipfile.ZipFile(_ARCHIVE) as archive:
        archive.extractall(folder)
    return str(folder / "lake")
