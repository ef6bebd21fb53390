"""What kubectl says when something is wrong -> errors that say what to do."""

import re

from pipelines.errors import MisuseError


class ClusterError(MisuseError, RuntimeError):
    """The cluster, or kubectl, refused; the message is for the user.

    Exit status 2, so that a script can tell it from a run that failed.
    """


class NoKubectlError(MisuseError, RuntimeError):
    """kubectl is not installed."""


class UnreachableError(ClusterError):
    """No API server answers."""


class DeniedError(ClusterError):
    """The user may not do this."""


class NoOperatorError(ClusterError):
    """The Spark operator is not installed in the cluster."""


class ObjectNotFoundError(ClusterError):
    """There is no object, or no namespace, of this name."""


_CANNOT = re.compile(
    r'User "(?P<user>[^"]+)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)"(?: in API group "(?P<group>[^"]*)")?'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)
_MISSING_TYPE = re.compile(r"doesn't have a resource type|no matches for kind")
_MISSING = re.compile(r'(?P<kind>[\w.]+) "(?P<name>[^"]+)" not found')
_AWAY = re.compile(
    r"connection to the server|unable to connect|dial tcp|i/o timeout|no such host|context deadline exceeded|"
    r"TLS handshake|server is currently unable",
    re.IGNORECASE,
)


def explained(text: str) -> ClusterError:
    """The error for what kubectl wrote to its standard error."""
    said = _last_line(text)
    if cannot := _CANNOT.search(text):
        return DeniedError(_denied(cannot))
    if _MISSING_TYPE.search(text):
        return NoOperatorError(
            "the cluster has no Spark operator: its API server does not know ScheduledSparkApplication. Install the "
            "operator (docs/tutorial/kubernetes.md), or name another cluster with --context"
        )
    if missing := _MISSING.search(text):
        kind, name = missing["kind"].partition(".")[0].rstrip("s"), missing["name"]
        hint = "; name another with --namespace, or make it: kubectl apply -k …" if kind == "namespace" else ""
        return ObjectNotFoundError(f"there is no {kind} {name}{hint}")
    if "Unauthorized" in text or "must be logged in" in text:
        return DeniedError(f"the cluster does not know who you are; sign in again with its own tool ({said})")
    if _AWAY.search(text):
        return UnreachableError(
            f"no cluster answers: {said.rstrip('?.')}. `kubectl cluster-info` must work first; --context or "
            "$KUBECONFIG choose the cluster"
        )
    return ClusterError(said)


def _denied(cannot: "re.Match[str]") -> str:
    group = f".{cannot['group']}" if cannot["group"] else ""
    where = f" in namespace {cannot['namespace']}" if cannot["namespace"] else ""
    return (
        f"{cannot['user']} may not {cannot['verb']} {cannot['resource']}{group}{where}. Ask for a role with the verb "
        f"{cannot['verb']} on {cannot['resource']}; docs/how-to/kubernetes-runs.md lists what each command needs"
    )


def _last_line(text: str) -> str:
    """What kubectl says last, without the prefixes that say nothing."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if not line.startswith(("E0", "E1", "I0", "W0"))), "kubectl failed")
    return re.sub(r"^(error|Error from server( \(\w+\))?): (error when creating \"[^\"]*\": )?", "", last)
