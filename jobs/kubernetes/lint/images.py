"""Images, and code that is fetched at submission."""

import re
from collections.abc import Iterator

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.node import Node
from jobs.kubernetes.lint.pods import ROLES, pod_of, pods_of
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("image")

_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_TAG = re.compile(r".+:([^/:@]+)")


def _images(given: Given) -> Iterator[Node]:
    """Of every container; an application's may be one place for both roles."""
    for application in given.applications:
        for role in ROLES:
            for container in pod_of(application, role).containers:
                yield container.image
    for document in given.documents:
        for pod in pods_of(document):
            yield from (container.image for container in pod.containers)


@FAMILY.rule("missing", "no image is named", "image: REGISTRY/NAME:TAG@sha256:…")
def missing(given: Given) -> Iterator[Fault]:
    """Of any container."""
    for place in _images(given):
        if not place.text:
            yield Fault(place, "missing")


@FAMILY.rule(
    "latest",
    "the image is whatever was pushed last: two nodes, or two runs, may run different code",
    "image: REGISTRY/NAME:TAG@sha256:…",
)
def latest(given: Given) -> Iterator[Fault]:
    """No tag, or `latest`, and no digest."""
    for place in _images(given):
        tag = _TAG.fullmatch(place.text)
        if place.text and not _DIGEST.fullmatch(place.text) and (tag is None or tag[1] == "latest"):
            yield Fault(place, f"{place.text} has {'the tag latest' if tag else 'no tag'}")


@FAMILY.rule(
    "digest",
    "a tag can be pushed again: a run cannot say which code it was",
    "image: REGISTRY/NAME:TAG@sha256:…; `crane digest IMAGE` and `docker buildx imagetools inspect IMAGE` print it",
)
def digest(given: Given) -> Iterator[Fault]:
    """A tag other than `latest`, and no digest."""
    for place in _images(given):
        tag = _TAG.fullmatch(place.text)
        if not _DIGEST.fullmatch(place.text) and tag is not None and tag[1] != "latest":
            yield Fault(place, f"{place.text} has no digest")


@FAMILY.rule(
    "differ",
    "driver and executors run different code, and Python objects that pass between them may not load",
    "one image, as `image` of the application",
)
def differ(given: Given) -> Iterator[Fault]:
    """By the text of both images."""
    for application in given.applications:
        driver, executor = (pod_of(application, role).containers[0].image for role in ROLES)
        if driver.text and executor.text and driver.text != executor.text:
            yield Fault(executor, f"{executor.text}, and the driver has {driver.text}")


@FAMILY.rule(
    "packages",
    "the operator downloads these at every submission: slow, and it fails when a server is away",
    "jars and wheels in the image",
)
def packages(given: Given) -> Iterator[Fault]:
    """By coordinates, or from a web server."""
    for application in given.applications:
        deps = application.spec["deps"]
        for place in (deps["packages"], application.conf("spark.jars.packages")):
            if place.value:
                yield Fault(place, place.text or ", ".join(each.text for each in place))
        for key in ("jars", "files", "pyFiles", "archives"):
            for each in deps[key]:
                if each.text.startswith(("http://", "https://", "ftp://")):
                    yield Fault(each, each.text)


@FAMILY.rule(
    "application",
    "the program is not part of the image, so image and program can differ",
    "mainApplicationFile: local:///opt/…",
)
def application_file(given: Given) -> Iterator[Fault]:
    """What is local to the image begins with local://."""
    for application in given.applications:
        place = application.spec["mainApplicationFile"]
        if not place.text.startswith("local://"):
            yield Fault(place, place.text or "missing")
