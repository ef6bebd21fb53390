"""Passwords and keys that stand in a manifest, for everyone who may read it."""

import re
from collections.abc import Iterator

from jobs.kubernetes.lint.given import Application, Given
from jobs.kubernetes.lint.node import Node
from jobs.kubernetes.lint.pod_security import all_pods
from jobs.kubernetes.lint.pods import ROLES
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("secrets")

# An AWS_ACCESS_KEY_ID is a name, not a secret.
_VARIABLE = re.compile(
    r"(SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIALS?|PRIVATE_KEY|ACCESS_KEY|API_?KEY|ACCOUNT_KEY|SAS_KEY)"
    r"(_?(VALUE|BASE64|B64))?$"
)
_PROPERTY = re.compile(
    r"(?i)(secret\.?key|session\.token|password|passphrase|private\.key|account\.key|sas\.token)(\.|$)"
)
_IN_URL = re.compile(r"://[^/@\s:]*:[^/@\s]+@")
_REFERENCE = re.compile(r"\$[({].*")
_VARIABLES = ("spark.kubernetes.driverEnv.", "spark.executorEnv.")


@FAMILY.rule(
    "variable",
    "a secret stands in an environment variable of the manifest",
    "valueFrom: {secretKeyRef: {name: …, key: …}}",
)
def variable(given: Given) -> Iterator[Fault]:
    """By the variable's name, or as user and password in a URL."""
    for pod in all_pods(given):
        for container in pod.containers:
            for each in container.env:
                if _is_secret(_VARIABLE, each["name"].text, each["value"]):
                    yield Fault(each["value"], f"{pod.title}: {each['name'].text} is written out")
    for application in given.applications:
        for name, place in _variables(application):
            if _is_secret(_VARIABLE, name, place):
                yield Fault(place, f"{name} is written out")


@FAMILY.rule(
    "property",
    "a secret stands in a property; the event log and the UI of Spark may show it too",
    "a variable with valueFrom.secretKeyRef, which the S3 connector reads by itself, or a pod identity",
)
def property_(given: Given) -> Iterator[Fault]:
    """Of sparkConf and hadoopConf."""
    for application in given.applications:
        for section in ("sparkConf", "hadoopConf"):
            for key, place in application.spec[section].entries():
                if not key.startswith(_VARIABLES) and _is_secret(_PROPERTY, key, place):
                    yield Fault(place, f"{key} is written out")


def _variables(application: Application) -> Iterator[tuple[str, Node]]:
    for role in ROLES:
        yield from application.spec[role]["envVars"].entries()
    for prefix in _VARIABLES:
        yield from application.conf_below(prefix)


def _is_secret(names: re.Pattern[str], name: str, value: Node) -> bool:
    if not value.text or _REFERENCE.fullmatch(value.text):
        return False
    return bool(names.search(name) or _IN_URL.search(value.text))
