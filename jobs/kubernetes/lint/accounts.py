"""Who a pod is in the cluster, and what roles allow."""

from collections.abc import Iterator

from jobs.kubernetes.lint.given import Application, Given
from jobs.kubernetes.lint.node import Document, Node
from jobs.kubernetes.lint.pods import pod_of
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("account")

_EVERYONE = ("system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:anonymous")
_NEEDED = {"pods": frozenset(("create", "get", "list", "watch", "delete")), "configmaps": frozenset(("create",))}
_ESCALATING = frozenset(("bind", "escalate", "impersonate"))


@FAMILY.rule(
    "driver",
    "the driver runs as the account `default`, which may not start executors, or may for every pod of the namespace",
    "driver.serviceAccount, with a Role for pods, configmaps, services and persistentvolumeclaims",
)
def driver(given: Given) -> Iterator[Fault]:
    """Missing, or `default`."""
    for application in given.applications:
        place = pod_of(application, "driver").service_account
        if place.text in {"", "default"}:
            yield Fault(place, place.text or "missing")


@FAMILY.rule(
    "role",
    "no role lets the driver start executors: every run fails with 403",
    "a Role for pods, configmaps, services and persistentvolumeclaims, and a RoleBinding to the driver's account",
)
def role(given: Given) -> Iterator[Fault]:
    """Where the account is among the manifests, and so are the roles that it is bound to."""
    for application in given.applications:
        place = pod_of(application, "driver").service_account
        if not any(each.name == place.text for each in given.beside(application.document, "ServiceAccount")):
            continue
        rules = _granted(given, application.document, place.text)
        if rules is None:
            continue
        for resource, verbs in _NEEDED.items():
            missing = sorted(verbs - {verb for each in rules for verb in _verbs(each, resource)})
            if missing and not _allows_all(rules, resource):
                yield Fault(place, f"{place.text} may not {', '.join(missing)} {resource}")


def _granted(given: Given, document: Document, account: str) -> list[Node] | None:
    """The rules of the account. None: it is bound to a role that nobody gave."""
    roles = {(each.kind, each.name): each for each in given.of("Role", "ClusterRole")}
    found: list[Node] = []
    for binding in given.of("RoleBinding", "ClusterRoleBinding"):
        if binding.kind == "RoleBinding" and binding.namespace != document.namespace:
            continue
        if not any(
            each["kind"].text == "ServiceAccount" and each["name"].text == account for each in binding.top["subjects"]
        ):
            continue
        bound = roles.get((binding.top["roleRef"]["kind"].text, binding.top["roleRef"]["name"].text))
        if bound is None:
            return None
        found.extend(bound.top["rules"])
    return found


def _verbs(rule: Node, resource: str) -> set[str]:
    covered = {each.text for each in rule["resources"]} & {resource, "*"}
    return {each.text for each in rule["verbs"]} if covered else set()


def _allows_all(rules: list[Node], resource: str) -> bool:
    return any("*" in _verbs(each, resource) for each in rules)


@FAMILY.rule(
    "executor",
    "executors run as the driver's account: code on them may start pods, and read what the driver may read",
    "executor.serviceAccount, an account without any role",
)
def executor(given: Given) -> Iterator[Fault]:
    """Spark falls back to the driver's account."""
    for application in given.applications:
        own = pod_of(application, "executor").service_account
        other = pod_of(application, "driver").service_account
        if other and not own:
            yield Fault(own, f"missing: Spark takes the driver's, {other.text}")
        elif own and own.text == other.text:
            yield Fault(own, f"{own.text} is the driver's too")


@FAMILY.rule(
    "token",
    "executors hold a token for the API server, which they never call",
    "automountServiceAccountToken: false, in executor.template.spec or on their ServiceAccount",
)
def token(given: Given) -> Iterator[Fault]:
    """A pod's own setting wins over its account's."""
    for application in given.applications:
        place = application.spec["executor"]["template"]["spec"]["automountServiceAccountToken"]
        if place.value is False:
            continue
        if place or not _account_mounts_none(given, application):
            yield Fault(place, place.text or "missing")


def _account_mounts_none(given: Given, application: Application) -> bool:
    name = pod_of(application, "executor").service_account.text
    return any(
        account.name == name and account.top["automountServiceAccountToken"].value is False
        for account in given.beside(application.document, "ServiceAccount")
    )


def _rules(given: Given) -> Iterator[Node]:
    for document in given.of("Role", "ClusterRole"):
        yield from document.top["rules"]


@FAMILY.rule("wildcard", "a role allows everything, also what is added later", "the verbs and resources that are used")
def wildcard(given: Given) -> Iterator[Fault]:
    """`*` as verb, resource or group."""
    for rule in _rules(given):
        for key in ("apiGroups", "resources", "verbs"):
            for each in rule[key]:
                if each.text == "*":
                    yield Fault(each, f"* in {key}")


@FAMILY.rule(
    "secrets",
    "a role reads every secret of its namespace; pods need no role for the secrets that they mount or name",
    "no rule for secrets, or resourceNames",
)
def secrets(given: Given) -> Iterator[Fault]:
    """get, list and watch without names."""
    for rule in _rules(given):
        reads = {each.text for each in rule["verbs"]} & {"get", "list", "watch", "*"}
        for each in rule["resources"]:
            if each.text == "secrets" and reads and not list(rule["resourceNames"]):
                yield Fault(each, f"{', '.join(sorted(reads))} of secrets")


@FAMILY.rule("escalation", "a role lets its holder take other roles or accounts", "no such verb")
def escalation(given: Given) -> Iterator[Fault]:
    """bind, escalate and impersonate."""
    for rule in _rules(given):
        for each in rule["verbs"]:
            if each.text in _ESCALATING:
                yield Fault(each, each.text)


@FAMILY.rule(
    "everyone", "a role is bound to everyone who can reach the API server", "a ServiceAccount or a group of people"
)
def everyone(given: Given) -> Iterator[Fault]:
    """Groups that hold all users or all accounts."""
    for document in given.of("RoleBinding", "ClusterRoleBinding"):
        for subject in document.top["subjects"]:
            if subject["name"].text in _EVERYONE:
                yield Fault(subject["name"], subject["name"].text)
