"""Reads Prometheus' text format back, as far as our exporter writes it."""

import re

_LINE = re.compile(r'^(\w+)\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\} (\S+)$')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def values(text: str) -> Values:
    """(name, labels but `lake`, sorted) -> value."""
    found: Values = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = _LINE.match(line)
        assert match, line
        labels = {name: re.sub(r"\\(.)", r"\1", value) for name, value in _LABEL.findall(match[2])}
        assert labels.pop("lake")
        place = match[1], tuple(sorted(labels.items()))
        assert place not in found, line
        found[place] = float(match[3])
    return found


def value(text: str, name: str, **labels: str) -> float | None:
    """One value, or None; the name without its prefix."""
    return values(text).get((f"tokenlake_{name}", tuple(sorted(labels.items()))))
