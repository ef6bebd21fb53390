"""The known differences: asked again on both sides, and told in docs/parity.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from oracle import chains, environment
from oracle.agreement import datatroves_verdicts, model

from pipelines.language.identification import identify
from pipelines.pii.spans import find, replace
from pipelines.words.splitter import word_splitter

_LONG = 60  # characters of a text on the page


@dataclass(frozen=True, slots=True)
class Explained:
    """One known difference on one text, in English."""

    name: str
    about: str
    text: str
    theirs: Any
    ours: Any
    why: str
    right: str


def _expanded(value: Any) -> Any:
    if isinstance(value, dict):
        return value["repeat"] * value["times"] + value.get("then", "")
    return [_expanded(item) for item in value] if isinstance(value, list) else value


@cache
def explained() -> tuple[Explained, ...]:
    listed = yaml.safe_load(Path(__file__).with_name("differences.yaml").read_text("utf-8"))
    return tuple(Explained(**{key: _expanded(value) for key, value in entry.items()}) for entry in listed)


def datatroves_answers() -> Iterator[Any]:
    """What datatrove says today of each of them, in order."""
    texts = [difference.text for difference in explained()]
    request = {"language": "eng", "model": model(), "texts": texts}
    parts = environment.ask("datatrove_parts.py", request)
    for difference, part, verdict in zip(explained(), parts, datatroves_verdicts(texts, "en"), strict=True):
        yield verdict["alone"]["fineweb"].get("c4") if difference.about == "reason" else part[difference.about]


def our_answer(difference: Explained) -> Any:
    """What ours says today."""
    if difference.about == "reason":
        return chains.verdicts([difference.text], "en")[0]["alone"]["fineweb"]["c4"]
    if difference.about == "words":
        words = word_splitter("en")([difference.text])
        return [words.vocabulary.strings[word] for word in words.ids]
    if difference.about == "pii":
        return replace(difference.text, find(difference.text, ("email", "ip")))
    return identify([difference.text])[0][0]


def rendered() -> str:
    """The differences as a Markdown table."""
    lines = ["| difference | text | datatrove | tokenlake | why | right |", "| --- | --- | --- | --- | --- | --- |"]
    for difference in explained():
        shown = map(_code, (difference.text, difference.theirs, difference.ours))
        lines.append("| " + " | ".join([difference.name, *shown, difference.why, difference.right]) + " |")
    return "\n".join(lines)


def _code(value: Any) -> str:
    text = " ".join(map(_short, value)) if isinstance(value, list) else _short(value)
    return f"`` {text} ``".replace("\n", "⏎").replace("|", "\\|")


def _short(text: str) -> str:
    if len(text) <= 2 * _LONG:
        return text
    rest = text.lstrip(text[0])
    return f"{text[0]} × {len(text) - len(rest):,} {rest}".rstrip()
