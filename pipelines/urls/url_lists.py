"""URL lists: whether the address a document comes from is on a list that the user names.

Registered domains come from the Public Suffix List bundled in tldextract: no network, no cache on disk.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field

from pipelines.config import Config, Location, Meaning
from pipelines.storage.fsspec_files import file_system

Files = Annotated[tuple[str, ...], Location()]
Match = Literal["domain", "subdomain", "url", "word", "soft_words"]


class UrlConfig(Config):
    """Plain text files, one entry a line; empty lines and lines starting with # are ignored.

    Paths are anything fsspec opens, also compressed (by suffix).
    """

    domains: Meaning[Files] = Field(default=(), description="files of domains: registered ones, or full host names")
    urls: Meaning[Files] = Field(default=(), description="files of addresses, with or without http://")
    words: Meaning[Files] = Field(default=(), description="files of words, one of which in an address is enough")
    soft_words: Meaning[Files] = Field(default=(), description="files of words, of which an address needs several")
    min_soft_words: Meaning[int] = Field(default=2, ge=1)

    @property
    def enabled(self) -> bool:
        return bool(self.domains or self.urls or self.words or self.soft_words)

    def fingerprint(self) -> str:
        """Of the lists' content, so that an edited file counts as another configuration."""
        return load(self).fingerprint()


_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class UrlLists:
    """The lists' content, small enough to broadcast."""

    domains: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    soft_words: frozenset[str] = frozenset()
    min_soft_words: int = 2

    def match(self, url: str | None) -> Match | None:
        """The first kind of list that contains the address, from general to specific; None when it is on none."""
        if not url:
            return None
        address = normal_form(url)
        if self.domains:
            host = _host(address)
            if _registered(host) in self.domains:
                return "domain"
            if host in self.domains:
                return "subdomain"
        if address in self.urls:
            return "url"
        if self.words or self.soft_words:
            words = set(_NOT_A_WORD.split(url.lower()))
            if words & self.words:
                return "word"
            if len(words & self.soft_words) >= self.min_soft_words:
                return "soft_words"
        return None

    def fingerprint(self) -> str:
        """16 hex digits of the content: equal lists have equal fingerprints, whatever their files and order."""
        content = [sorted(self.domains), sorted(self.urls), sorted(self.words), sorted(self.soft_words)]
        canonical = json.dumps([*content, self.min_soft_words], separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def load(config: UrlConfig) -> UrlLists:
    """Reads the files of the lists.

    Raises:
        FileNotFoundError: a file of a list is not there.
    """
    return UrlLists(
        domains=frozenset(entry.lower().strip(".") for entry in _entries(config.domains)),
        urls=frozenset(map(normal_form, _entries(config.urls))),
        words=frozenset(entry.lower() for entry in _entries(config.words)),
        soft_words=frozenset(entry.lower() for entry in _entries(config.soft_words)),
        min_soft_words=config.min_soft_words,
    )


def normal_form(url: str) -> str:
    """The address without scheme, fragment and last slash, host in lower case, so that spellings compare equal."""
    bare = url.strip().partition("#")[0].rstrip("/")
    scheme, found, rest = bare.partition("://")
    host, slash, path = (rest if found else scheme).partition("/")
    return host.lower() + slash + path


def registered_domain(url: str) -> str:
    """The domain under the public suffix (`example.co.uk`), else the host; empty where the address has neither."""
    host = _host(normal_form(url))
    return _registered(host) or host


def _host(address: str) -> str:
    """The host of an address in normal form, without user and port."""
    return address.partition("/")[0].rpartition("@")[2].partition(":")[0]


def _entries(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        files, inner = file_system(path)
        with files.open(inner, "rt", encoding="utf-8", compression="infer") as lines:
            for line in lines:
                entry = line.strip()
                if entry and not entry.startswith("#"):
                    yield entry


@lru_cache(maxsize=100_000)
def _registered(host: str) -> str:
    """The domain under the public suffix, `example.co.uk`; empty when there is none."""
    return str(_suffixes()(host).top_domain_under_public_suffix)


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
