"""Repair of mis-decoded text with ftfy (Speer 2019), conservatively.

Wrong encodings are undone; quotes, ligatures, widths and line breaks are not made uniform, because models
should see the variety. The options are those of datatrove's ftfy step.
"""

import re
from functools import lru_cache
from typing import Any

from pydantic import Field

from pipelines.config import Config, Meaning


class RepairConfig(Config):
    """Whether mis-decoded text of kept documents is repaired."""

    enabled: Meaning[bool | None] = Field(None, description="null: as the policy says, by its pass `repair`")


# All that ftfy changes under these options, apart from mojibake: HTML entities, C0 and C1 controls, terminal escapes
# (they begin with a control), surrogates, and the characters that do not belong into marked-up text (UTR 20).
_SUSPICIOUS = re.compile(
    r"&#?[0-9A-Za-z]{1,24};|[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\u206a-\u206f\ufeff\ufff9-\ufffc]"
)
# ftfy judges line by line, and this mojibake counts at the start of a line only.
_LINE_START = re.compile(r"^[ÃÂ] ", re.MULTILINE)
# Mojibake is found by a long pattern over at most 7 characters, one of them beyond ASCII; the neighbourhood of such
# characters is therefore all that has to be searched.
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f](?:[\x00-\x7f]{0,12}[^\x00-\x7f]+)*")
_REACH = 6


def repair(text: str) -> str:
    """The text with wrong encodings undone and stray control characters removed.

    Text that ftfy would leave alone is recognised cheaply and returned as it is.
    """
    return _ftfy(text) if suspicious(text) else text


def suspicious(text: str) -> bool:
    """False only where ftfy would change nothing."""
    if _SUSPICIOUS.search(text):
        return True
    if text.isascii():
        return False
    from ftfy.badness import is_bad

    neighbourhoods = [text[max(m.start() - _REACH, 0) : m.end() + _REACH] for m in _BEYOND_ASCII.finditer(text)]
    return _LINE_START.search(text) is not None or bool(is_bad("\n".join(neighbourhoods)))


def _ftfy(text: str) -> str:
    import ftfy

    return str(ftfy.fix_text(text, config=_options()))


@lru_cache(maxsize=1)
def _options() -> Any:
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        normalization=None,
        explain=False,
    )
