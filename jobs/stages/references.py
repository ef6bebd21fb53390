"""The other lakes of `dedup.against`, at the versions that a run reads."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from pyspark.sql import DataFrame

from jobs.stages.context import StageContext
from jobs.stages.policy_file import policy_in_force
from lake import contract
from lake.lake import Lake
from lake.ledger import keys
from pipelines.dedup.config import DedupConfig
from pipelines.errors import MissingPathError, MisuseError
from pipelines.policies.policy import Policy
from pipelines.semantics import SIGNING
from pipelines.storage.uri import lake_root
from pipelines.tables import CLEAN_DOCUMENTS, DUPLICATES, SIGNATURES
from pipelines.text.spark import candidates

STATE = "against"
"""The key in the details of commits of `duplicates`: the lakes that its documents were compared with, as JSON."""

SETTINGS = "settings"
"""The key in the details of commits of `signatures`: what they were signed with, as JSON."""

_NEEDED = (CLEAN_DOCUMENTS.name, SIGNATURES.name, "decisions", "measures")


class UnusableReferenceError(MisuseError, RuntimeError):
    """A lake that documents cannot be compared with; the message says what to do."""


@dataclass(frozen=True)
class OtherLake:
    """A lake whose documents win over those of the lake of the run.

    It holds the documents that it delivers (`clean_documents`), not those that it dropped.
    """

    lake: Lake
    versions: dict[str, int]  # table -> version to read
    read_here: int  # documents up to which only the data files that hold them are read

    @property
    def root(self) -> str:
        """Its folder or URI."""
        return self.lake.root

    @cached_property
    def state(self) -> dict[str, object]:
        """What tells whether it holds other documents than before: versions that changed rows, not compaction."""
        identity = self.lake.identity(CLEAN_DOCUMENTS.name)
        tables = (CLEAN_DOCUMENTS.name, SIGNATURES.name)
        return {"lake": self.root, "identity": identity, **{name: self._changed_at(name) for name in tables}}

    def _changed_at(self, table: str) -> int:
        """The newest version, up to the one that is read, in which rows changed."""
        commits = (commit for commit in self.lake.commits(table) if commit.version <= self.versions[table])
        changes = (each.version for each in commits if each.of_step or each.replaces_rows)
        return next(changes, self.versions[table])

    def signatures(self) -> DataFrame:
        """Table `signatures` of the documents that it delivers."""
        delivered = self._read(CLEAN_DOCUMENTS.name).select("doc_id")
        return self._read(SIGNATURES.name).join(delivered, on="doc_id", how="left_semi")

    def texts(self, documents: DataFrame) -> DataFrame:
        """The texts that were compared there, of some documents (doc_id)."""
        decisions = self._read("decisions").join(documents, on="doc_id", how="left_semi")
        if documents.count() > self.read_here:
            measures = self._read("measures")
        else:
            wanted = pa.table({"doc_id": keys(documents)})
            measures = self.lake.read_holding("measures", self.versions["measures"], wanted)
        return candidates(measures, decisions, self._policy).select("doc_id", "text")

    def _read(self, table: str) -> DataFrame:
        return self.lake.read(table, self.versions[table])

    @cached_property
    def _policy(self) -> Policy:
        found = policy_in_force(self.lake)
        if found is None:
            raise UnusableReferenceError(
                f"{self.root}: the policy that decided there is not stored: run tokenlake on it again"
            )
        return found


def opened(run: StageContext) -> list[OtherLake]:
    """The lakes of `dedup.against`, in their order.

    Raises:
        ContractError: one follows another contract.
        MissingPathError: one is not there, or has not been deduplicated.
        UnusableReferenceError: one is the lake of the run, or its signatures cannot be compared.
    """
    config = run.config.dedup
    return [_opened(run, f"dedup.against.{number}", root) for number, root in enumerate(config.against)]


def _opened(run: StageContext, key: str, root: str) -> OtherLake:
    lake = Lake(lake_root(root), run.engine)
    if lake.root == lake_root(run.lake.root):
        raise UnusableReferenceError(f"{key}: {root}: a lake cannot be compared with itself: name another one")
    versions = {name: lake.version(name) for name in _NEEDED}  # clean_documents first: the others hold what it does
    absent = [name for name in _NEEDED if versions[name] < 0]
    if absent:
        raise MissingPathError(
            f"{key}: {root}: there is no table {absent[0]}: `tokenlake run CONFIG --lake {root}` makes it"
        )
    contract.require(lake)
    _require_comparable(lake, key, run.config.dedup)
    return OtherLake(lake, versions, run.config.dedup.driver_documents)


def _require_comparable(lake: Lake, key: str, config: DedupConfig) -> None:
    """Bands are compared, so both lakes must have made them in the same way; equal texts can be found in any lake."""
    if config.minhash is None:
        return
    last = lake.last_own_commit(SIGNATURES.name)
    if last is None or last.metadata is None:
        raise UnusableReferenceError(
            f"{key}: {lake.root}: its log does not tell how its documents were signed: run it again"
        )
    remedy = f"run `tokenlake run CONFIG --lake {lake.root}` with the same `dedup.minhash`, or use its settings here"
    if last.metadata.config_hash != config.signing_fingerprint():
        told = _differences(json.loads(last.metadata.detail.get(SETTINGS, "{}")), config)
        raise UnusableReferenceError(
            f"{key}: {lake.root}: its documents were signed with other settings{told}: {remedy}"
        )
    if last.metadata.semantics != (SIGNING.version,):
        made_by = " and ".join(map(str, last.metadata.semantics))
        raise UnusableReferenceError(
            f"{key}: {lake.root}: its documents were signed by version {made_by} of that step, "
            f"this program is at version {SIGNING.version}: run `tokenlake run CONFIG --lake {lake.root}` first"
        )


def _differences(theirs: dict[str, object], config: DedupConfig) -> str:
    """Which settings differ, if the other lake recorded them."""
    ours = config.signing_settings()
    other = [
        f"{name}: {theirs[name]}, here {ours[name]}" for name in ours if theirs.get(name, ours[name]) != ours[name]
    ]
    return f" ({'; '.join(other)})" if other else ""


def state(references: Sequence[OtherLake]) -> str:
    """What a commit of `duplicates` records of the lakes that it compared with; empty without any."""
    return json.dumps([each.state for each in references]) if references else ""


def recorded(lake: Lake) -> str:
    """The same, as the last commit recorded it."""
    last = lake.last_own_commit(DUPLICATES.name)
    return last.metadata.detail.get(STATE, "") if last and last.metadata else ""


def news(before: str, now: str) -> list[str]:
    """What is different in the other lakes, as sentences."""
    if before == now:
        return []
    earlier, newer = ({each["lake"]: each for each in json.loads(text)} if text else {} for text in (before, now))
    said = [f"{root} is not compared with any more" for root in earlier if root not in newer]
    said += [f"{root} is compared with for the first time" for root in newer if root not in earlier]
    said += [f"{root} has changed since" for root in newer if root in earlier and newer[root] != earlier[root]]
    return said or ["the order of the lakes that are compared with has changed"]
