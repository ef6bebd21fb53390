"""The base of every configuration section."""

import hashlib
import json
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Frozen, strict about unknown keys, hashable into a commit's metadata."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    without_effect: ClassVar[frozenset[str]] = frozenset()
    """Settings that change how something is made and not what is made."""

    def fingerprint(self) -> str:
        """First 16 hex digits of the SHA-256 of the canonical JSON: equal settings, equal fingerprint.

        Settings without effect on the result are left out.
        """
        effective = self.model_dump(mode="json", exclude=set(self.without_effect))
        canonical = json.dumps(effective, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
