"""The result of one check."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that must hold, whether it does, and what was found."""

    name: str
    holds: bool
    detail: str

    def __str__(self) -> str:
        return f"{'ok' if self.holds else 'FAIL':<5} {self.name}: {self.detail}"


def none_of(name: str, count: int, example: str | None = None) -> Finding:
    """Nothing of a kind may be there; `example` names one that is."""
    return Finding(name, count == 0, f"{count:,}" + (f", such as {example}" if count and example else ""))
