"""The profile *restricted* of Kubernetes' Pod Security Standards, for every pod that would be made.

The API server applies the profile to pods, not to what makes them: a manifest is accepted, and its pods never come.
One rule for each control of the standard; https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from collections.abc import Iterator

from jobs.kubernetes.lint.given import Given
from jobs.kubernetes.lint.node import Node
from jobs.kubernetes.lint.pods import ROLES, Container, Pod, pod_of, pods_of
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("pod")

_VOLUMES = frozenset(
    (
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    )
)
_SYSCTLS = frozenset(
    (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    )
)
_SELINUX = frozenset(("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"))
_PROFILES = frozenset(("RuntimeDefault", "Localhost"))
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def all_pods(given: Given) -> Iterator[Pod]:
    """Drivers, executors, and the pods of every other kind."""
    for application in given.applications:
        for role in ROLES:
            yield pod_of(application, role)
    for document in given.documents:
        yield from pods_of(document)


def _containers(given: Given) -> Iterator[tuple[Pod, Container]]:
    return ((pod, container) for pod in all_pods(given) for container in pod.containers)


def _contexts(given: Given) -> Iterator[tuple[str, Node]]:
    """Security contexts of pods and containers, with whose they are."""
    for pod in all_pods(given):
        yield pod.title, pod.security
        for container in pod.containers:
            yield f"{pod.title}, {container.title}", container.security


@FAMILY.rule("host", "the pod shares the network, processes or IPC of its node", "no hostNetwork, hostPID, hostIPC")
def host(given: Given) -> Iterator[Fault]:
    """Host namespaces."""
    for pod in all_pods(given):
        for place in (pod.host_network, pod.spec["hostPID"], pod.spec["hostIPC"]):
            if place.value is True:
                yield Fault(place, f"{pod.title}: true")


@FAMILY.rule("privileged", "the container has all rights on its node", "no privileged, no hostProcess")
def privileged(given: Given) -> Iterator[Fault]:
    """Of Linux and of Windows."""
    for title, security in _contexts(given):
        for place in (security["privileged"], security["windowsOptions"]["hostProcess"]):
            if place.value is True:
                yield Fault(place, f"{title}: true")


@FAMILY.rule("capabilities", "the container keeps capabilities of root", "capabilities: {drop: [ALL]}")
def capabilities(given: Given) -> Iterator[Fault]:
    """All are dropped; NET_BIND_SERVICE may come back."""
    for pod, container in _containers(given):
        place = container.security["capabilities"]
        if "ALL" not in {each.text for each in place["drop"]}:
            yield Fault(place["drop"], f"{pod.title}, {container.title}: ALL is not dropped")
        for each in place["add"]:
            if each.text != "NET_BIND_SERVICE":
                yield Fault(each, f"{pod.title}, {container.title}: adds {each.text}")


@FAMILY.rule(
    "volumes",
    "a volume of the node or of a cloud's disk is mounted directly",
    "a persistentVolumeClaim, emptyDir, ephemeral, configMap, secret, projected or csi volume",
)
def volumes(given: Given) -> Iterator[Fault]:
    """As a volume, or as a Spark property."""
    for pod in all_pods(given):
        for volume in pod.volumes:
            kinds = [key for key, value in volume.entries() if key != "name" and value]
            if not _VOLUMES & set(kinds):
                yield Fault(volume, f"{pod.title}: {volume['name'].text}: {', '.join(kinds) or 'no type'}")
    for application in given.applications:
        for role in ROLES:
            for kind in ("hostPath", "nfs"):
                for _, place in application.conf_below(f"spark.kubernetes.{role}.volumes.{kind}."):
                    yield Fault(place, f"{role} pod: {kind}")


@FAMILY.rule("ports", "the container takes a port of its node", "containerPort alone; a Service makes it reachable")
def ports(given: Given) -> Iterator[Fault]:
    """Host ports."""
    for pod, container in _containers(given):
        for port in container.spec["ports"]:
            if port["hostPort"].number:
                yield Fault(port["hostPort"], f"{pod.title}, {container.title}: {port['hostPort'].text}")


@FAMILY.rule("probes", "a probe or hook may be sent anywhere in the node's network", "no host; it goes to the pod")
def probes(given: Given) -> Iterator[Fault]:
    """`host` of probes and of hooks."""
    for pod, container in _containers(given):
        hooks = [container.spec["lifecycle"][key] for key in ("postStart", "preStop")]
        checks = [container.spec[key] for key in ("livenessProbe", "readinessProbe", "startupProbe")]
        for handler in [*checks, *hooks]:
            for key in ("httpGet", "tcpSocket"):
                if handler[key]["host"].text:
                    yield Fault(handler[key]["host"], f"{pod.title}, {container.title}: {handler[key]['host'].text}")


@FAMILY.rule(
    "root", "the container may run as root", "runAsNonRoot: true, and runAsUser: 185 where the image names no user"
)
def root(given: Given) -> Iterator[Fault]:
    """A container's own setting wins over the pod's."""
    for pod in all_pods(given):
        for title, security in [(pod.title, pod.security), *((each.title, each.security) for each in pod.containers)]:
            if security["runAsUser"].number == 0:
                yield Fault(security["runAsUser"], f"{title}: user 0")
        if pod.security["runAsNonRoot"].value is False:
            yield Fault(pod.security["runAsNonRoot"], f"{pod.title}: false")
        for container in pod.containers:
            place = container.security["runAsNonRoot"]
            if place.value is False or (not place and not pod.security["runAsNonRoot"]):
                yield Fault(place, f"{pod.title}, {container.title}: {'false' if place else 'missing'}")


@FAMILY.rule(
    "escalation", "a process may gain more rights than the one that started it", "allowPrivilegeEscalation: false"
)
def escalation(given: Given) -> Iterator[Fault]:
    """Of every container; a pod has no such setting."""
    for pod, container in _containers(given):
        place = container.security["allowPrivilegeEscalation"]
        if place.value is not False:
            yield Fault(place, f"{pod.title}, {container.title}: {place.text or 'missing'}")


@FAMILY.rule("seccomp", "system calls are not filtered", "seccompProfile: {type: RuntimeDefault}")
def seccomp(given: Given) -> Iterator[Fault]:
    """A container's own profile wins over the pod's."""
    for pod in all_pods(given):
        common = pod.security["seccompProfile"]["type"]
        if common and common.text not in _PROFILES:
            yield Fault(common, f"{pod.title}: {common.text}")
        for container in pod.containers:
            place = container.security["seccompProfile"]["type"]
            if (place and place.text not in _PROFILES) or (not place and not common):
                yield Fault(place, f"{pod.title}, {container.title}: {place.text or 'missing'}")


@FAMILY.rule("proc", "the container sees more of /proc than its own", "no procMount")
def proc(given: Given) -> Iterator[Fault]:
    """Other than Default."""
    for pod, container in _containers(given):
        place = container.security["procMount"]
        if place and place.text != "Default":
            yield Fault(place, f"{pod.title}, {container.title}: {place.text}")


@FAMILY.rule(
    "sysctls", "a kernel setting is changed that other pods of the node share", "none, or one of the safe ones"
)
def sysctls(given: Given) -> Iterator[Fault]:
    """The safe ones are those of the standard."""
    for pod in all_pods(given):
        for each in pod.security["sysctls"]:
            if each["name"].text not in _SYSCTLS:
                yield Fault(each, f"{pod.title}: {each['name'].text}")


@FAMILY.rule("selinux", "the container runs under an SELinux label of its own", "no seLinuxOptions")
def selinux(given: Given) -> Iterator[Fault]:
    """The types for containers are allowed; user and role are not."""
    for title, security in _contexts(given):
        options = security["seLinuxOptions"]
        if options["type"].text not in _SELINUX:
            yield Fault(options["type"], f"{title}: type {options['type'].text}")
        for key in ("user", "role"):
            if options[key].text:
                yield Fault(options[key], f"{title}: {key} {options[key].text}")


@FAMILY.rule("apparmor", "AppArmor is switched off", "no profile, or RuntimeDefault")
def apparmor(given: Given) -> Iterator[Fault]:
    """By the field or by the older annotation."""
    for title, security in _contexts(given):
        place = security["appArmorProfile"]["type"]
        if place and place.text not in _PROFILES:
            yield Fault(place, f"{title}: {place.text}")
    for pod in all_pods(given):
        for key, place in pod.annotations:
            allowed = place.text in {"", "runtime/default"} or place.text.startswith("localhost/")
            if key.startswith(_APPARMOR) and not allowed:
                yield Fault(place, f"{pod.title}: {place.text}")
