"""From measured figures of a small corpus to the plan for a large one: arithmetic alone, nothing is run or read.

Bytes are those of the input files as they lie in the store. Seconds of CPU are of all processes together.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

GB, TB = 10**9, 10**12
HOUR = 3600


@dataclass(frozen=True)
class Line:
    """y = fixed + slope * x."""

    fixed: float
    slope: float

    def at(self, x: float) -> float:
        """y."""
        return self.fixed + self.slope * x


def fit(xs: Sequence[float], ys: Sequence[float]) -> Line:
    """The line of least relative squares through N >= 2 points, with neither part below zero.

    Relative, because the points lie at 1, 2, 4 and 8 times a size and the smallest would not count otherwise.

    Raises:
        ValueError: fewer than two points, or one that is not above zero.
    """
    if len(xs) < 2 or len(xs) != len(ys) or min(*xs, *ys) <= 0:
        raise ValueError(f"a line needs two points above zero, these are {list(zip(xs, ys, strict=False))}")
    weights = [1 / y**2 for y in ys]
    total = sum(weights)
    mean_x = sum(w * x for w, x in zip(weights, xs, strict=True)) / total
    mean_y = sum(w * y for w, y in zip(weights, ys, strict=True)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, x in zip(weights, xs, strict=True))
    together = sum(w * (x - mean_x) * (y - mean_y) for w, x, y in zip(weights, xs, ys, strict=True))
    slope = together / spread if spread else 0.0
    fixed = mean_y - slope * mean_x
    if slope < 0:
        return Line(mean_y, 0.0)
    if fixed < 0:  # through the origin
        xy = sum(w * x * y for w, x, y in zip(weights, xs, ys, strict=True))
        return Line(0.0, xy / sum(w * x * x for w, x in zip(weights, xs, strict=True)))
    return Line(fixed, slope)


@dataclass(frozen=True)
class Stage:
    """What one stage takes."""

    cpu: Line  # seconds, from bytes of input
    shuffled: float  # bytes for each byte of input
    local: float  # bytes on the executors' disks for each byte of input, at their most
    worker_mb: float  # the largest Python process of an executor
    executor_jvm_mb: float
    driver_mb: float  # the driver's Python process


@dataclass(frozen=True)
class TableSize:
    """What one table holds for each byte of input."""

    rows: float
    size: float  # bytes


@dataclass(frozen=True)
class Figures:
    """Everything measured of one workload on one engine."""

    stages: Mapping[str, Stage]
    tables: Mapping[str, TableSize]
    tokens: float  # for each byte of input

    @property
    def documents(self) -> float:
        """For each byte of input."""
        return self.tables["documents"].rows


@dataclass(frozen=True)
class Skew:
    """The work that one task has to do alone: the members of the largest component are verified one after another."""

    members: float  # of the largest component, for each signed document: as if only known sites grew
    seconds: float  # of CPU for each member


@dataclass(frozen=True)
class Assumptions:
    """What is not measured here; every one can be set on the command line."""

    efficiency: float = 0.7  # share of the paid core time that computes
    price: float = 0.05  # of one core for one hour, with its memory, in your currency
    start: float = 90.0  # seconds until the driver and its executors run, once for each stage
    partition_bytes: int = 128 << 20  # of a table that one task reads (spark.sql.files.maxPartitionBytes)
    requests_per_file: float = 20.0  # to the store, for each data file, over all stages
    band_bytes: float = 14 * 60  # shuffled for a signed document: a row of id, bucket and key for each of 14 bands
    driver_documents: int = 1_000_000  # dedup.driver_documents
    driver_edges: int = 10_000_000  # dedup.driver_edges


@dataclass(frozen=True)
class Executor:
    """The shape of an executor pod."""

    cores: int = 4
    heap_gb: float = 4.0
    overhead_gb: float = 6.0  # Python workers

    @property
    def memory_gb(self) -> float:
        """What the pod asks for."""
        return self.heap_gb + self.overhead_gb


@dataclass(frozen=True)
class Plan:
    """What an input of a size takes, within so many hours."""

    input_bytes: float
    documents: float
    signed: float  # documents that the rules kept
    tokens: float
    core_hours: Mapping[str, float]  # by stage, of CPU
    paid_core_hours: float
    executors: int
    executor: Executor
    hours: float  # of wall time, all stages one after the other
    longest_task_hours: float
    shuffled: Mapping[str, float]  # bytes by stage, and those of the bands, computed
    local_per_executor: float  # bytes of scratch
    lake_bytes: float
    split_bytes: int
    batch_bytes: int
    data_files: int
    commits: int
    requests: float
    driver_gb: float  # the driver's Python process
    cost: float
    is_distributed: bool  # whether duplicates are grouped by shuffles
    driver_parts: Mapping[str, float] = field(default_factory=dict)  # collection -> bytes


def split_bytes(input_bytes: float) -> int:
    """`ingest.split_bytes`: a power of two from 8 MiB to 1 GiB, so that about ten thousand tasks read the input."""
    wanted = max(1.0, input_bytes / 10_000)
    return int(min(1 << 30, max(8 << 20, 2 ** math.ceil(math.log2(wanted)))))


def batch_bytes(input_bytes: float) -> int:
    """`ingest.batch_bytes`: at least the default of 8 GiB, and at most 32 commits for the whole input."""
    return int(max(8 << 30, 2 ** math.ceil(math.log2(max(1.0, input_bytes / 32)))))


def data_files(figures: Figures, input_bytes: float, partition_bytes: int) -> dict[str, int]:
    """Table -> its data files: ingest makes one for each split, later stages one for each partition they read."""
    split = split_bytes(input_bytes)
    read = max(1, math.ceil(input_bytes / split))
    found = {"documents": read, "rejects": read, "inputs": math.ceil(input_bytes / batch_bytes(input_bytes))}
    made_of = {"measures": "documents", "decisions": "measures", "signatures": "measures", "tokens": "clean_documents"}
    for name in figures.tables:
        source = figures.tables[made_of.get(name, name)]
        found.setdefault(name, max(1, math.ceil(source.size * input_bytes / partition_bytes)))
    return found


def driver_bytes(
    per_row: Mapping[str, float], files: Mapping[str, int], plan_rows: Mapping[str, float]
) -> dict[str, float]:
    """Collection -> bytes that the driver's Python process holds, for a first run over some input.

    Args:
        per_row: collection -> bytes of a row, as measured.
        files: table -> data files.
        plan_rows: `documents grouped`, `edges connected`, `input files`, `splits` and `written files` of a commit.
    """
    most = max(files.values())
    return {
        "documents grouped": per_row["documents grouped"] * plan_rows["documents grouped"],
        "edges connected": per_row["edges connected"] * plan_rows["edges connected"],
        "input files known": per_row["input files known"] * plan_rows["input files"],
        "splits planned": per_row["splits planned"] * plan_rows["splits"],
        "data files listed": per_row["data files listed"] * 2 * most,  # two tables of a stage are open at once
        "data files reported": per_row["data files reported"] * plan_rows["written files"],
    }


def plan(
    figures: Figures,
    skew: Skew,
    per_row: Mapping[str, float],
    edges_per_signed: float,
    input_bytes: float,
    hours: float,
    assumed: Assumptions = Assumptions(),
    executor: Executor = Executor(),
    file_bytes: float = GB,
) -> Plan:
    """The plan for one input.

    Args:
        figures: of the workload.
        skew: of near duplicates.
        per_row: bytes that the driver holds for a row of each collection.
        edges_per_signed: candidate edges for each signed document.
        input_bytes: of the input files.
        hours: of wall time that it may take; more are taken where one task takes longer.
        assumed: what was not measured.
        executor: the shape of a pod.
        file_bytes: of an input file.
    """
    signed = figures.tables["signatures"].rows * input_bytes
    is_distributed = signed > assumed.driver_documents
    stages = figures.stages
    seconds = {name: stage.cpu.at(input_bytes) for name, stage in stages.items()}
    longest = skew.members * signed * skew.seconds
    starts = assumed.start * len(stages)
    # The longest task keeps one core busy while the others have ended, so it bounds its stage alone.
    computing = max(hours * HOUR - starts - longest, 0.25 * hours * HOUR)
    cores = sum(seconds.values()) / (assumed.efficiency * computing)
    executors = max(1, math.ceil(cores / executor.cores))
    at_work = executors * executor.cores * assumed.efficiency
    wall = starts + sum(seconds.values()) / at_work + longest
    files = data_files(figures, input_bytes, assumed.partition_bytes)
    bands = assumed.band_bytes * signed if is_distributed else 0.0
    shuffled = {name: stage.shuffled * input_bytes for name, stage in stages.items()} | {"bands of dedup": bands}
    local = max(bands, *(stage.local * input_bytes for stage in stages.values()))
    commits = max(1, math.ceil(input_bytes / batch_bytes(input_bytes)))
    splits = files["documents"]
    rows = {
        "documents grouped": 0 if is_distributed else signed,
        "edges connected": min(edges_per_signed * signed, assumed.driver_edges) if is_distributed else 0,
        "input files": max(1, math.ceil(input_bytes / file_bytes)),
        "splits": splits / commits,
        "written files": 2 * splits / commits,
    }
    parts = driver_bytes(per_row, files, rows)
    base = max(stage.driver_mb for stage in stages.values()) * 2**20
    return Plan(
        input_bytes=input_bytes,
        documents=figures.documents * input_bytes,
        signed=signed,
        tokens=figures.tokens * input_bytes,
        core_hours={name: value / HOUR for name, value in seconds.items()},
        paid_core_hours=executors * executor.cores * wall / HOUR,
        executors=executors,
        executor=executor,
        hours=wall / HOUR,
        longest_task_hours=longest / HOUR,
        shuffled=shuffled,
        local_per_executor=local / executors,
        lake_bytes=sum(table.size for table in figures.tables.values()) * input_bytes,
        split_bytes=split_bytes(input_bytes),
        batch_bytes=batch_bytes(input_bytes),
        data_files=sum(files.values()),
        commits=commits,
        requests=assumed.requests_per_file * sum(files.values()),
        driver_gb=(base + sum(parts.values())) / GB,
        cost=executors * executor.cores * wall / HOUR * assumed.price,
        is_distributed=is_distributed,
        driver_parts=parts,
    )
