"""What was used last, up to a size."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Values by key; those that were not used for longest go first. Several threads may ask.

    Args:
        most: the size of all values, of which the newest one is always held.
        size: of a value.
    """

    def __init__(self, most: int, size: Callable[[V], int]) -> None:
        self._most, self._size = most, size
        self._held: OrderedDict[Any, V] = OrderedDict()
        self._total = 0
        self._lock = Lock()

    def find(self, key: Any) -> V | None:
        """What is held under a key."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def get(self, key: Any, make: Callable[[], V]) -> V:
        """What is held under a key, made if it is not."""
        found = self.find(key)
        return self.renew(key, make) if found is None else found

    def renew(self, key: Any, make: Callable[[], V]) -> V:
        """What is made, held from now on."""
        made = make()
        with self._lock:
            if key in self._held:
                self._total -= self._size(self._held.pop(key))
            self._held[key] = made
            self._total += self._size(made)
            while self._total > self._most and len(self._held) > 1:
                _, gone = self._held.popitem(last=False)
                self._total -= self._size(gone)
        return made
