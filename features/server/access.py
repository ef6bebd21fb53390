"""Who may ask for what, and how often."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from features.server.errors import RequestError
from features.server.keys import EVERYTHING, PUSH, ApiKey, KeyFileError, matching, read_keys
from features.server.log import Log
from features.server.rate import TokenBucket


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone who may ask: the name of the key, and its scopes."""

    name: str
    scopes: frozenset[str]

    def may_read(self, service: str | None) -> None:
        """Passes, if this service may be read; None: features by their names.

        Raises:
            RequestError: 403.
        """
        if EVERYTHING in self.scopes or (service is not None and service != PUSH and service in self.scopes):
            return
        what = "features by their names; ask for a feature service, or" if service is None else f"service {service};"
        needed = EVERYTHING if service is None else service
        raise RequestError(403, f"this key may not read {what} use a key with the scope {needed}")

    def may_push(self) -> None:
        """Passes, if rows may be pushed.

        Raises:
            RequestError: 403.
        """
        if PUSH not in self.scopes:
            raise RequestError(403, "this key may not push rows; use a key with the scope push")


ANYONE = Caller("", frozenset((EVERYTHING, PUSH)))
"""The caller where no keys are asked for."""


class Access:
    """Checks the keys of one process.

    Args:
        path: the file of keys; None: everyone may do everything.
        workers: processes that share the rate of a key.
        log: is told when the file cannot be read.

    Raises:
        KeyFileError: the file cannot be read.
    """

    def __init__(self, path: str | None, workers: int, log: Log) -> None:
        self._path = path
        self._workers = workers
        self._log = log
        self._seen = _version(path)
        self._keys: Mapping[str, ApiKey] = {} if path is None else read_keys(path)
        self._callers = _callers(self._keys)
        self._buckets: dict[ApiKey, TokenBucket] = {}

    def caller(self, presented: str | None, now: float) -> Caller:
        """The caller who presents a key.

        Args:
            presented: the key; None if there is none.
            now: seconds on a clock that never goes back.

        Raises:
            RequestError: 401 without a key or with an unknown one, 429 beyond its rate.
        """
        if self._path is None:
            return ANYONE
        if not presented:
            raise RequestError(401, "an API key is needed: Authorization: Bearer KEY, or X-Api-Key: KEY")
        key = matching(self._keys, presented)
        if key is None:
            raise RequestError(401, "this API key is unknown, or was revoked")
        if key.rate is not None:
            wait = self._bucket(key, key.rate).take(now)
            if wait:
                raise RequestError(429, f"more than {key.rate:g} requests per second", retry_after=wait)
        return self._callers[key.id]

    async def refresh(self) -> None:
        """Reads the file again if it has changed. A file that cannot be read changes nothing: the old keys count."""
        if self._path is None or (version := _version(self._path)) == self._seen:
            return
        self._seen = version
        try:
            self._keys = read_keys(self._path)
        except KeyFileError as error:
            self._log.event("keys_unreadable", f"the keys as they were still count: {error}", error=str(error))
            return
        self._callers = _callers(self._keys)
        current = set(self._keys.values())
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if key in current}
        self._log.event("keys_loaded", f"{len(self._keys)} API keys", keys=len(self._keys))

    def _bucket(self, key: ApiKey, rate: float) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            burst = max(1.0, (key.burst or rate) / self._workers)
            bucket = self._buckets[key] = TokenBucket(rate / self._workers, burst)
        return bucket


def _callers(keys: Mapping[str, ApiKey]) -> dict[str, Caller]:
    return {key.id: Caller(key.name, frozenset(key.scopes)) for key in keys.values()}


def _version(path: str | None) -> tuple[int, int, int] | None:
    """Differs when a file was replaced or written to; None if there is none."""
    try:
        found = os.stat(path) if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_ino, found.st_mtime_ns, found.st_size)
