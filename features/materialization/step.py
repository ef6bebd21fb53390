"""What a materialization has done since it last said so."""

from collections.abc import Generator
from dataclasses import dataclass, field

from features.materialization.state import earliest
from features.materialization.writer import Written


@dataclass(frozen=True)
class Step:
    """Some rows that are in the store now. Event times in microseconds; None where there are none."""

    written: Written = field(default_factory=Written)
    first_us: int | None = None  # event times of the rows
    last_us: int | None = None
    later_us: int | None = (
        None  # the earliest event time that was left out because it is after the time to write up to
    )
    file: str | None = None  # a data file whose rows are all in the store now

    def __add__(self, other: "Step") -> "Step":
        last = [each for each in (self.last_us, other.last_us) if each is not None]
        return Step(
            self.written + other.written,
            earliest(self.first_us, other.first_us),
            max(last, default=None),
            earliest(self.later_us, other.later_us),
        )


Steps = Generator[Step, None, None]
