"""Spark properties: those that the operator sets itself, those that nobody reads, and some that belong together."""

import re
from collections.abc import Iterator

from jobs.kubernetes.lint.given import Application, Given
from jobs.kubernetes.lint.pods import ROLES, pod_of
from jobs.kubernetes.lint.rule import Family, Fault
from jobs.kubernetes.lint.sizes import truth

FAMILY = Family("conf")

_OPERATORS = {
    "spark.master": "the API server of the cluster",
    "spark.submit.deployMode": "mode",
    "spark.app.name": "metadata.name",
    "spark.kubernetes.namespace": "metadata.namespace",
    "spark.kubernetes.submission.waitAppCompletion": "false",
    "spark.kubernetes.driver.podTemplateFile": "driver.template",
    "spark.kubernetes.driver.podTemplateContainerName": "driver.template",
    "spark.kubernetes.executor.podTemplateFile": "executor.template",
    "spark.kubernetes.executor.podTemplateContainerName": "executor.template",
}
_FIELDS = {
    "cores": "spark.{role}.cores",
    "memory": "spark.{role}.memory",
    "memoryOverhead": "spark.{role}.memoryOverhead",
    "coreRequest": "spark.kubernetes.{role}.request.cores",
    "coreLimit": "spark.kubernetes.{role}.limit.cores",
    "serviceAccount": "spark.kubernetes.authenticate.{role}.serviceAccountName",
    "instances": "spark.{role}.instances",
}
_LOCAL = re.compile(r"(file:)?/.*|file:.*")
_REMOTE = re.compile(r"(s3a|gs|abfss?|wasbs?|hdfs|viewfs|oss|ofs|o3fs)://[^/]+.*")
_EXTENSION, _CATALOG = "spark.sql.extensions", "spark.sql.catalog.spark_catalog"
_DELTA = {
    _EXTENSION: "io.delta.sql.DeltaSparkSessionExtension",
    _CATALOG: "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


@FAMILY.rule(
    "operator",
    "the operator sets this property itself: what stands here is lost, or breaks the submission",
    "nothing here; the field that the finding names",
)
def operator(given: Given) -> Iterator[Fault]:
    """By the order of spark-submit's arguments."""
    for application in given.applications:
        for key, place in application.spec["sparkConf"].entries():
            if key in _OPERATORS:
                yield Fault(place, f"it comes from {_OPERATORS[key]}")


@FAMILY.rule(
    "twice",
    "a field and a property say different things; the field wins",
    "the field alone",
)
def twice(given: Given) -> Iterator[Fault]:
    """Of those fields that spark-submit gets as properties."""
    for application in given.applications:
        for role in ROLES:
            for field, key in _FIELDS.items():
                own, place = application.spec[role][field], application.conf(key.format(role=role))
                if own and place and own.text != place.text:
                    yield Fault(place, f"{place.text}, and {role}.{field} is {own.text}")


@FAMILY.rule(
    "prefix",
    "Spark does not read this property",
    "sparkConf: spark.…; hadoopConf: keys without spark.hadoop., which the operator adds",
)
def prefix(given: Given) -> Iterator[Fault]:
    """spark-submit takes only what begins with spark."""
    for application in given.applications:
        for key, place in application.spec["sparkConf"].entries():
            if not key.startswith("spark."):
                yield Fault(place, f"{key} does not begin with spark.")
        for key, place in application.spec["hadoopConf"].entries():
            if key.startswith("spark."):
                yield Fault(place, f"becomes spark.hadoop.{key}")


@FAMILY.rule(
    "text",
    "the value is no text, and the API server accepts only text here",
    "quotes: 'true', '4', '0.5'",
)
def text(given: Given) -> Iterator[Fault]:
    """YAML reads true, 4 and 0.5 as other types."""
    for application in given.applications:
        for section in ("sparkConf", "hadoopConf"):
            for _, place in application.spec[section].entries():
                if not isinstance(place.value, str):
                    yield Fault(place, f"{place.text or place.value!r} without quotes")


@FAMILY.rule(
    "event-directory",
    "event logs are on, and go where no History Server finds them, or where the driver cannot write and fails",
    "spark.eventLog.dir: s3a://BUCKET/FOLDER, or a folder of a mounted volume that stays",
)
def event_directory(given: Given) -> Iterator[Fault]:
    """Shared storage: an object store, HDFS, or a mounted claim."""
    for application in given.applications:
        if not truth(application.conf("spark.eventLog.enabled")):
            continue
        place = application.conf("spark.eventLog.dir")
        if not place.text:
            yield Fault(place, "missing: /tmp/spark-events of the driver's pod")
        elif place.text.startswith(("s3://", "s3n://")):
            yield Fault(place, f"{place.text}: Hadoop knows s3a://")
        elif _LOCAL.fullmatch(place.text):
            path = re.sub(r"^file:/*", "/", place.text)
            if not any(path == kept or path.startswith(f"{kept}/") for kept in _kept(application)):
                yield Fault(place, f"{place.text} goes with the driver's pod")
        elif not _REMOTE.fullmatch(place.text):
            yield Fault(place, f"{place.text!r} is no URI of shared storage")


def _kept(application: Application) -> Iterator[str]:
    """Folders of the driver that outlive it."""
    pod = pod_of(application, "driver")
    kinds = ("persistentVolumeClaim", "nfs", "csi")
    names = {volume["name"].text for volume in pod.volumes if any(volume[kind] for kind in kinds)}
    for mount in pod.containers[0].mounts:
        if mount["name"].text in names:
            yield mount["mountPath"].text.rstrip("/")
    for key, place in application.conf_below("spark.kubernetes.driver.volumes.persistentVolumeClaim."):
        if key.endswith(".mount.path"):
            yield place.text.rstrip("/")


@FAMILY.rule(
    "delta",
    "one of the two settings of Delta is missing or misspelt: its SQL, or its tables by name, fail in the run",
    f"{_EXTENSION}: {_DELTA[_EXTENSION]} and {_CATALOG}: {_DELTA[_CATALOG]}",
)
def delta(given: Given) -> Iterator[Fault]:
    """Both or neither: jobs that read and write Delta through delta-rs need neither."""
    for application in given.applications:
        places = {key: application.conf(key) for key in _DELTA}
        if not any("delta" in place.text.lower() for place in places.values()):
            continue
        for key, place in places.items():
            if _DELTA[key] not in re.split(r"\s*,\s*", place.text):
                yield Fault(place, f"{place.text} is not Delta's" if place else "missing")
