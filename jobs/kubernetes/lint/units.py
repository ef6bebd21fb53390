"""Numbers with units, as Kubernetes and as Spark write them."""

import math
import re
from fractions import Fraction

_DECIMAL = {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1)} | {
    unit: Fraction(1000**power) for power, unit in enumerate("kMGTPE", start=1)
}
_BINARY = {f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTPE", start=1)}
_QUANTITY = re.compile(r"([+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30}))(?:[eE]([+-]?\d{1,2})|([a-zA-Z]{0,2}))")
_MEMORY = re.compile(r"(\d{1,30})(|b|kb?|mb?|gb?|tb?|pb?)")
_SPARK = {"": 2**20, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}


def quantity(text: str) -> Fraction | None:
    """A quantity of Kubernetes, such as 500m, 2, 1.5Gi. None if it is none."""
    found = _QUANTITY.fullmatch(text)
    if not found:
        return None
    number, exponent, unit = found.groups()
    if exponent:
        return Fraction(number) * Fraction(10) ** int(exponent)
    factor = (_DECIMAL | _BINARY).get(unit or "")
    return None if factor is None else Fraction(number) * factor


def spark_memory(text: str) -> int | None:
    """Bytes of 512m, 2g and the like; a bare number counts MiB. None if Spark cannot read it, as in 2Gi and 1.5g."""
    found = _MEMORY.fullmatch(text.lower())
    return int(found[1]) * _SPARK[found[2][:1]] if found else None


def shown(size: float | Fraction) -> str:
    """Bytes for people, in Mi."""
    return f"{math.ceil(size / 2**20):,}Mi"
