"""What a site chooses: one YAML file, from which every manifest of the jobs follows."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from jobs.kubernetes.cron import Cron
from pipelines.storage.uri import LAKES, LakeUri

COMPONENTS = ("history-server", "logging", "monitoring", "network-policies", "object-store", "pod-security", "spot")
"""Folders of `k8s/components`."""

_MEMORY = re.compile(r"[1-9][0-9]*[mg]")
_QUANTITY = re.compile(r"[1-9][0-9]*(m|Mi|Gi|Ti)?")
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


def _matching(pattern: re.Pattern[str], example: str) -> BeforeValidator:
    def check(value: object) -> str:
        if not pattern.fullmatch(str(value)):
            raise ValueError(f"{value!r} is not of the form {example}")
        return str(value)

    return BeforeValidator(check)


def _cron(value: object) -> str:
    Cron.parse(str(value))  # raises ValueError
    return str(value)


def _or_empty(section: object) -> object:
    """A section whose lines are all commented out is null in YAML."""
    return {} if section is None else section


Memory = Annotated[str, _matching(_MEMORY, "2g or 512m")]
"""Memory as Spark writes it."""

Quantity = Annotated[str, _matching(_QUANTITY, "2, 500m, 10Gi")]
"""A quantity of Kubernetes."""

Name = Annotated[str, _matching(_NAME, "lower-case letters, digits and dashes, 63 at most")]
"""A name of a Kubernetes object."""


class Section(BaseModel):
    """Frozen and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ObjectStore(Section):
    """How pods reach the object store."""

    endpoint: str | None = Field(None, description="address of an S3-compatible store; AWS itself needs none")
    region: str = Field("us-east-1", description="AWS_REGION")
    virtual_hosted_style: bool = Field(False, description="whether the bucket is part of the store's host name")
    secret: Name | None = Field(
        "tokenlake-object-store",
        description="Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; null where the pods' role gives access",
    )
    service_account_annotations: Mapping[str, str] = Field(
        default_factory=dict, description="of all service accounts, for example eks.amazonaws.com/role-arn"
    )

    @field_validator("endpoint")
    @classmethod
    def _address(cls, endpoint: str | None) -> str | None:
        parts = urlsplit(endpoint or "https://store")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{endpoint!r} is not of the form https://HOST or http://HOST:PORT")
        _ = parts.port  # raises ValueError
        return endpoint


class LakeVolume(Section):
    """A volume on which the lake lies instead of an object store; all pods mount it."""

    claim: Name = Field(description="PersistentVolumeClaim that several nodes can write (ReadWriteMany)")
    path: str = Field("/lake", description="where the pods see it")


class Role(Section):
    """The driver of a job."""

    cores: int = Field(1, ge=1, description="cores of the pod")
    memory: Memory = Field("2g", description="heap of the JVM")
    memory_overhead: Memory = Field("1g", description="for Python and everything else beside the JVM's heap")


class Executors(Section):
    """The executors of a job."""

    cores: int = Field(2, ge=1, description="cores of each pod, hence tasks at once")
    memory: Memory = Field("3g", description="heap of the JVM")
    memory_overhead: Memory = Field("4g", description="for the Python workers and everything beside the JVM's heap")
    min: int = Field(1, ge=0, description="pods that a run keeps even when idle")
    initial: int = Field(2, ge=0, description="pods that it starts with")
    max: int = Field(10, ge=1, description="pods that it may have at once")
    scratch: Quantity = Field("50Gi", description="disk for shuffles")
    scratch_class: Name | None = Field(
        None, description="StorageClass of a volume for each executor's scratch; default: the node's disk"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Executors":
        if not self.min <= self.initial <= self.max:
            raise ValueError(f"min {self.min} <= initial {self.initial} <= max {self.max} must hold")
        return self


class Job(Section):
    """One scheduled job."""

    schedule: Annotated[str, BeforeValidator(_cron)] = Field(description="cron expression, in UTC")
    suspend: bool = Field(False, description="whether the clock is stopped; single runs can still be started")
    wait_minutes: int = Field(360, ge=0, description="how long it waits for its turn on the lake")
    arguments: tuple[str, ...] = Field((), description="further arguments of the job's command")
    driver: Role = Field(Role(), description="its one driver")
    executor: Executors = Field(Executors(), description="its executors")

    _empty = field_validator("driver", "executor", mode="before")(_or_empty)


_SMALL = {"min": 0, "initial": 1, "max": 4}
_NONE = {"min": 0, "initial": 0, "max": 1}  # a job without Spark asks for none

_DEFAULTS: dict[str, dict[str, object]] = {
    "ingest": {"schedule": "0 1 * * *"},
    "clean": {"schedule": "5 1 * * *"},
    "dedup": {"schedule": "10 1 * * *", "driver": {"memory": "4g", "memory_overhead": "2g"}},
    "tokenize": {"schedule": "15 1 * * *"},
    "pack": {"schedule": "20 1 * * *"},
    "features": {"schedule": "25 1 * * *", "executor": _SMALL},
    "materialize": {"schedule": "30 1 * * *", "executor": _SMALL},
    "check": {"schedule": "35 1 * * *", "executor": _SMALL},
    "maintain": {"schedule": "40 1 * * *", "executor": _NONE},
}

JOBS = tuple(_DEFAULTS)
"""The scheduled jobs, in the order in which they take their turns on a lake."""


class Jobs(Section):
    """The scheduled jobs. What a file says of one replaces only what it names."""

    ingest: Job
    clean: Job
    dedup: Job
    tokenize: Job
    pack: Job
    features: Job
    materialize: Job
    check: Job
    maintain: Job

    @model_validator(mode="before")
    @classmethod
    def _over_defaults(cls, given: object) -> object:
        return _merged(_DEFAULTS, given) if isinstance(given, Mapping) else given

    def items(self) -> Iterator[tuple[str, Job]]:
        """Name and job, in order."""
        return ((name, getattr(self, name)) for name in JOBS)


class Quota(Section):
    """What all pods of the namespace may ask for together."""

    cpu: Quantity = Field("64", description="cores")
    memory: Quantity = Field("256Gi", description="requests, and limits, of memory")
    pods: int = Field(60, ge=2, description="number of pods")


class Values(Section):
    """Everything that `tokenlake k8s render` needs."""

    namespace: Name = Field("tokenlake", description="of all objects; made with them")
    image: str = Field(
        "registry.example.com/tokenlake/spark:0.1.0@sha256:" + "0" * 64, description="of the jobs, by digest"
    )
    pull_secrets: tuple[Name, ...] = Field((), description="Secrets for a private registry")
    lake: str = Field("s3://tokenlake/lake", description="folder or URI of the tables")
    lake_volume: LakeVolume | None = Field(None, description="a volume for the lake, instead of an object store")
    pipeline: str = Field("pipeline.yaml", description="configuration of the pipeline, beside the file of values")
    object_store: ObjectStore = Field(ObjectStore(), description="how pods reach the object store")
    online_store_secret: Name = Field(
        "tokenlake-online-store", description="Secret with TOKENLAKE_ONLINE_STORE, for materialize"
    )
    events: str | None = Field("s3a://tokenlake/spark-events/", description="where Spark writes its event logs")
    retries: int = Field(2, ge=1, description="how often a failed run is started again")
    retry_seconds: int = Field(60, ge=1, description="how long it waits before that")
    keep_hours: int = Field(72, ge=1, description="how long a finished run stays listed")
    keep_runs: int = Field(3, ge=1, description="finished runs of each schedule that stay listed, of each outcome")
    quota: Quota = Field(Quota(), description="what all pods of the namespace may ask for together")
    components: tuple[Literal[COMPONENTS], ...] = Field(  # type: ignore[valid-type]
        (), description=f"optional parts: {', '.join(COMPONENTS)}; each has a README in `k8s/components`"
    )
    environment: Mapping[str, str] = Field(default_factory=dict, description="further variables of all pods")
    spark: Mapping[str, str] = Field(default_factory=dict, description="further settings of Spark, for all jobs")
    node_selector: Mapping[str, str] = Field(default_factory=dict, description="of all pods of the jobs")
    tolerations: tuple[Mapping[str, str | int], ...] = Field((), description="of all pods of the jobs")
    jobs: Jobs = Field(default_factory=lambda: Jobs.model_validate({}), description="the scheduled jobs, by name")

    _empty = field_validator("object_store", "quota", "jobs", mode="before")(_or_empty)

    @field_validator("components")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: named twice")
        return names

    @model_validator(mode="after")
    def _lake_is_where_pods_see_it(self) -> "Values":
        if self.lake_volume and not PurePosixPath(self.lake).is_relative_to(self.lake_volume.path):
            raise ValueError(
                f"lake: {self.lake!r} does not lie on the volume of lake_volume, which pods see at "
                f"{self.lake_volume.path}"
            )
        if not self.lake_volume and LakeUri.parse(self.lake).scheme not in LAKES - {"memory"}:
            raise ValueError(
                f"lake: {self.lake!r} is nothing that all pods reach: write a URI such as s3://bucket/lake, or name "
                "the volume that holds it in lake_volume"
            )
        return self

    @model_validator(mode="after")
    def _history_has_events(self) -> "Values":
        if "history-server" in self.components and not self.events:
            raise ValueError("the component history-server shows event logs: name their folder in `events`")
        return self


def _merged(base: Mapping[str, object], change: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in change.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping | None):
            merged[key] = _merged(before, value or {})
        else:
            merged[key] = value
    return merged
