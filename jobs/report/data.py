"""The figures of the report: frozen models that serialise to `report.json`."""

from collections.abc import Iterable, Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from jobs.invariants import Invariant

OTHER = "other"
"""Name of the group that holds all but the largest groups."""


class ReportModel(BaseModel):
    """Base of the report's figures."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Flow(ReportModel):
    """What became of the records of one source, of one language, or of the whole lake."""

    documents: int = 0
    rejected: int = 0
    undecided: int = Field(default=0, description="documents without a decision")
    dropped: Mapping[str, int] = Field(default={}, description="rule of the first reason -> documents")
    duplicates: Mapping[str, int] = Field(default={}, description="method -> documents dropped as duplicates")
    held: Mapping[str, int] = Field(default={}, description="other lake -> documents dropped because it holds them")
    repeating: Mapping[str, int] = Field(
        default={}, description="reason -> documents of which passages that repeat left too little"
    )
    kept: int = Field(default=0, description="documents kept by the rules, and by the decisions that follow them")
    tokenized: int = Field(default=0, description="kept documents that have tokens")
    characters: int = Field(default=0, description="code points of the tokenized clean documents")
    tokens: int = 0

    @property
    def read(self) -> int:
        """Records read: documents and rejects."""
        return self.documents + self.rejected

    @property
    def duplicated(self) -> int:
        """Documents dropped as duplicates, of this lake's documents or of another's."""
        return sum(self.duplicates.values()) + sum(self.held.values())

    def __add__(self, other: "Flow") -> "Flow":
        return Flow(
            documents=self.documents + other.documents,
            rejected=self.rejected + other.rejected,
            undecided=self.undecided + other.undecided,
            dropped=_sum(self.dropped, other.dropped),
            duplicates=_sum(self.duplicates, other.duplicates),
            held=_sum(self.held, other.held),
            repeating=_sum(self.repeating, other.repeating),
            kept=self.kept + other.kept,
            tokenized=self.tokenized + other.tokenized,
            characters=self.characters + other.characters,
            tokens=self.tokens + other.tokens,
        )


class Histogram(ReportModel):
    """Counts in bins; the first of `counts` is of values below the first edge, the last of values from the last on."""

    edges: tuple[float, ...]
    logarithmic: bool = False
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Values counted."""
        return sum(self.counts)


class Threshold(ReportModel):
    """A rule of the policy in force, on one measure."""

    reason: str = Field(description="`<rule set>.<rule>`")
    measure: str = Field(description="column path in `measures`")
    comparison: str = Field(description="`>`, `<`, `<=`, `is true` or `is zero`: what makes a document fail")
    value: float | None = Field(description="for languages without their own value; None: the rule is off")
    by_language: Mapping[str, float | None] = {}

    def at(self, language: str | None) -> float | None:
        """The value for a language; None when the rule is off there."""
        return self.by_language.get(language, self.value) if language is not None else self.value


class Measure(ReportModel):
    """The distribution of one measure, over all languages and over each of the largest."""

    name: str
    missing: int = Field(description="documents for which the measure is undefined")
    all: Histogram
    by_language: Mapping[str, Histogram]


class Reason(ReportModel):
    """How many documents failed a rule."""

    name: str
    first: int = Field(description="documents whose first reason this is")
    documents: int = Field(description="documents that have this reason")
    by_language: Mapping[str, int]


class Excerpt(ReportModel):
    """The beginning of one document."""

    doc_id: str
    source: str
    uri: str
    language: str | None
    text: str
    characters: int


class Example(ReportModel):
    """A document that a rule drops, with the measure and threshold."""

    excerpt: Excerpt
    value: float | None = None
    threshold: Threshold | None = None
    reasons: tuple[str, ...]


class RejectGroup(ReportModel):
    """Rejects of one source and reason, with the first of them."""

    source: str
    reason: str
    records: int
    uri: str
    position: int
    detail: str
    sample: str = Field(description="first bytes of the record, undecodable ones replaced")


class Member(ReportModel):
    """A document in a cluster."""

    excerpt: Excerpt
    kept: bool
    similarity: float | None


class Cluster(ReportModel):
    """A large cluster: survivor first, then some of the others."""

    cluster_id: str
    size: int
    method: str
    members: tuple[Member, ...]


class Clusters(ReportModel):
    """Duplicate clusters of two and more documents."""

    sizes: Mapping[int, int] = Field(description="cluster size -> clusters")
    methods: Mapping[str, int] = Field(description="method -> clusters")
    largest: tuple[Cluster, ...]


class Rewriting(ReportModel):
    """What rewriting did to the clean documents of a language."""

    language: str
    documents: int
    rewritten: int = Field(description="documents that a pass changed")
    characters: int = Field(description="code points delivered")
    removed: Mapping[str, int] = Field(description="pass -> code points removed, less those added")

    @property
    def read(self) -> int:
        """Code points of these documents as they were read."""
        return self.characters + sum(self.removed.values())

    @property
    def share(self) -> float:
        """Share of the characters read that rewriting removed."""
        return sum(self.removed.values()) / self.read if self.read else 0.0


class BenchmarkOverlaps(ReportModel):
    """What documents have in common with one benchmark."""

    name: str
    items: int | None = Field(description="None: the log no longer tells")
    too_short: int | None = Field(description="items with too few words to be looked for")
    found: int = Field(description="items of which some document has a part")
    documents: int = Field(description="documents with an overlap")
    dropped: int = Field(description="of these, those that a rule on overlaps drops")
    characters: int = Field(description="code points in the overlaps of documents that are delivered without them")


class Split(ReportModel):
    """One split of a table of packed sequences."""

    table: str
    split: str
    sequences: int
    length: int = Field(description="tokens in a full sequence, or the most that one may have")
    has_fixed_width: bool = Field(
        True, description="whether sequences are filled up; those of translation have as many tokens as they need"
    )
    tokens: int
    pieces: int
    fill: Histogram

    @property
    def fill_ratio(self) -> float:
        """Tokens over the length of all sequences."""
        return self.tokens / (self.sequences * self.length) if self.sequences and self.length else 0.0


class Source(ReportModel):
    """The input files of one source and format."""

    source: str
    format: str
    files: int
    bytes: int
    rows_read: int
    documents: int
    rejects: int
    skipped: int = Field(description="records without content, such as WARC requests")


class Encoding(ReportModel):
    """Documents of a source that were read in one encoding, other than valid UTF-8."""

    source: str
    encoding: str
    said: str = Field(description="configured, byte_order_mark, declared or detected")
    documents: int
    damaged: int = Field(description="documents in which something undecodable was replaced")
    undecodable: int = Field(description="replacement characters that stand for it")
    joined: int = Field(description="pairs of surrogates that were joined")


class RunRecord(ReportModel):
    """A row of `runs`."""

    run_id: str
    stage: str
    table: str | None
    mode: str | None
    status: str
    config_hash: str | None
    code_version: str | None
    inputs: Mapping[str, int]
    output_version: int | None
    rows_in: int | None
    rows_out: int | None
    seconds: float | None
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class TableState(ReportModel):
    """The current version of a table, and its last commit."""

    name: str
    version: int
    rows: int | None
    run_id: str | None = None
    config_hash: str | None = None
    code_version: str | None = None
    semantics: str | None = Field(None, description="versions of the step that made its rows: 2, or 1,2")
    inputs: Mapping[str, int] = {}


class ReportData(ReportModel):
    """Everything on the page."""

    lake: str
    policy: str | None
    tables: tuple[TableState, ...]
    sources: tuple[Source, ...]
    encodings: tuple[Encoding, ...]
    by_source: Mapping[str, Flow]
    by_language: Mapping[str, Flow]
    rewriting: tuple[Rewriting, ...]
    rewrite_limit: float
    benchmarks: tuple[BenchmarkOverlaps, ...] = ()
    reasons: tuple[Reason, ...]
    thresholds: tuple[Threshold, ...]
    measures: tuple[Measure, ...]
    examples: Mapping[str, tuple[Example, ...]]
    rejects: tuple[RejectGroup, ...]
    clusters: Clusters | None
    tokens_per_document: Histogram | None
    sequences: tuple[Split, ...]
    runs: tuple[RunRecord, ...]
    invariants: tuple[Invariant, ...]

    @property
    def total(self) -> Flow:
        """The whole lake's flow."""
        return sum(self.by_source.values(), Flow())

    @property
    def much_rewritten(self) -> list[Rewriting]:
        """The languages of whose characters rewriting removed more than the limit."""
        return [each for each in self.rewriting if each.share > self.rewrite_limit]

    def table(self, name: str) -> TableState | None:
        """A table's state; None when no stage has made it yet."""
        return next((table for table in self.tables if table.name == name), None)


def largest(flows: Mapping[str, Flow], count: int) -> dict[str, Flow]:
    """The `count` groups with most records, largest first, and one group `other` for the rest."""
    ordered = sorted(flows.items(), key=lambda item: (-item[1].read, item[0]))
    chosen = dict(ordered[:count])
    rest = [flow for _, flow in ordered[count:]]
    if rest:
        chosen[OTHER] = sum(rest, chosen.get(OTHER, Flow()))
    return chosen


def _sum(*counts: Mapping[str, int]) -> dict[str, int]:
    names: Iterable[str] = sorted({name for each in counts for name in each})
    return {name: sum(each.get(name, 0) for each in counts) for name in names}
