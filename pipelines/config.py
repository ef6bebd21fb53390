"""The base of every configuration section."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Frozen, strict about unknown keys, hashable into a commit's metadata."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def fingerprint(self) -> str:
        """First 16 hex digits of the SHA-256 of the canonical JSON: equal settings, equal fingerprint."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
