"""Good prose in languages of many scripts, most of them written without spaces."""

from functools import cache
from pathlib import Path

import yaml


@cache
def prose() -> dict[str, str]:
    """Language, as lid.176 codes it -> a paragraph of some hundred words."""
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
