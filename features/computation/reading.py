"""What was read of a file line by line, and what was left out and why."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Reading:
    """Counts lines; `what` names in the plural what a good line is."""

    what: str
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)  # reason -> lines
    first: str = ""  # the first of these lines: number and reason

    def leave_out(self, number: int, reason: str) -> None:
        """Counts a line that cannot be used, by its number from 1."""
        self.left_out[reason] += 1
        self.first = self.first or f"line {number:,}, {reason}"

    def described(self) -> str:
        """For a person."""
        if not self.left_out:
            return f"{self.rows:,} {self.what}"
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.left_out.items()))
        left_out = self.left_out.total()
        lines = "line" if left_out == 1 else "lines"
        return f"{self.rows:,} {self.what}; {left_out:,} {lines} left out ({reasons}; the first: {self.first})"
