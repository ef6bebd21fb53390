"""Checks of what a caller gives: a number that is not whole, or too small, is refused before it is used."""

from numbers import Integral

from training.feed.errors import FeedMisuseError


def whole(name: str, value: object, least: int | None = None) -> int:
    """A whole number, as Python's own (numpy's are taken too).

    Args:
        name: of the argument, as the message gives it.
        value: that the caller gave.
        least: that is allowed; None: any.

    Raises:
        FeedMisuseError: it is none, or is smaller.
    """
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if least is None or number >= least:
            return number
    wanted = "a whole number" if least is None else f"a whole number, {least} at least"
    raise FeedMisuseError(f"{name} is {value!r}: give {wanted}")
