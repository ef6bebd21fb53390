"""Reads the part of the Containerfile language that this project's images use.

The language: docs.docker.com/reference/dockerfile. An instruction that is not carried out is refused.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# Carried out when a folder is made.
CARRIED_OUT = ("COPY", "RUN", "ENV", "WORKDIR", "USER")
# Only the configuration of an image holds them.
CONFIGURATION = ("LABEL", "ENTRYPOINT", "CMD", "EXPOSE", "STOPSIGNAL", "ARG")


class ContainerfileError(ValueError):
    """A line that this reader does not know; the message names it."""


@dataclass(frozen=True)
class Instruction:
    """`KEYWORD --flag=value… text`, with the number of its first line."""

    keyword: str
    text: str
    line: int
    flags: tuple[tuple[str, str], ...] = ()

    def flag(self, name: str) -> str | None:
        """The value of a flag; None when it is not given."""
        return dict(self.flags).get(name)

    def mounts(self, kind: str) -> list[dict[str, str]]:
        """The options of each `--mount=type=kind,…`."""
        found = [
            dict(option.split("=", 1) for option in value.split(",")) for name, value in self.flags if name == "mount"
        ]
        return [options for options in found if options["type"] == kind]

    @property
    def words(self) -> list[str]:
        """The text, split as a shell would."""
        return shlex.split(self.text)

    @property
    def assignments(self) -> dict[str, str]:
        """Of ENV, LABEL or ARG: names and values."""
        return {name: value for name, _, value in (word.partition("=") for word in self.words)}


@dataclass(frozen=True)
class Stage:
    """From FROM to the next one. `name` is its number when it has no other; `parent` a stage or an image."""

    name: str
    parent: str
    instructions: list[Instruction] = field(default_factory=list)


def stages(content: str, arguments: Mapping[str, str] | None = None) -> list[Stage]:
    """The stages in their order; `arguments` replace the values of ARGs before the first FROM.

    Raises:
        ContainerfileError: an unknown instruction, or one before the first FROM.
    """
    known: dict[str, str] = {}
    found: list[Stage] = []
    for each in instructions(content):
        if each.keyword == "FROM":
            parent, _, name = _substituted(each.text, known).partition(" AS ")
            found.append(Stage(name.strip() or str(len(found)), parent.strip()))
        elif found:
            found[-1].instructions.append(each)
        elif each.keyword == "ARG":
            known |= {**each.assignments, **(arguments or {})}
        else:
            raise ContainerfileError(f"line {each.line}: {each.keyword} before the first FROM")
    return found


def instructions(content: str) -> Iterator[Instruction]:
    """All instructions: comments left out, continued lines joined.

    Raises:
        ContainerfileError: an unknown keyword.
    """
    for number, line in _logical_lines(content):
        keyword, _, rest = line.partition(" ")
        keyword = keyword.upper()
        if keyword not in (*CARRIED_OUT, *CONFIGURATION, "FROM"):
            raise ContainerfileError(f"line {number}: {keyword} is not carried out here")
        flags = []
        rest = rest.strip()
        while match := re.match(r"--([a-z]+)=(\S+)\s+", rest):
            flags.append((match[1], match[2]))
            rest = rest[match.end() :]
        yield Instruction(keyword, rest, number, tuple(flags))


def _logical_lines(content: str) -> Iterator[tuple[int, str]]:
    parts: list[str] = []
    begin = 0
    for number, line in enumerate(content.splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        begin = begin if parts else number
        parts.append(text.removesuffix("\\").strip())
        if not text.endswith("\\"):
            yield begin, " ".join(parts)
            parts = []


def _substituted(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text)
