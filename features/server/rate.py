"""The rate limit of one key: a bucket that fills with a token at a steady rate; each request takes one."""

from dataclasses import dataclass, field


@dataclass
class TokenBucket:
    """Of one caller, in one process.

    Args:
        rate: tokens that come each second.
        burst: tokens that the bucket holds, and begins with.
    """

    rate: float
    burst: float
    _tokens: float = field(init=False)
    _at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tokens = self.burst

    def take(self, now: float) -> float:
        """Takes a token if there is one, and returns 0; else the seconds until there is one.

        Args:
            now: seconds on a clock that never goes back.
        """
        if self._at is not None:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self.rate
