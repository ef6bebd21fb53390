"""What NetworkPolicies allow, by the definition in the API (networking.k8s.io/v1), for clusters that enforce none.

Only what our policies use: selectors of pods and namespaces, blocks of addresses, ports by number.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Peer:
    """An end of a connection: a pod, or an address outside the cluster's pods."""

    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None


def allows(policies: Sequence[Policy], source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
    """Whether a connection passes: out of the source, and into the target."""
    return _passes(policies, "Egress", source, target, port, protocol) and _passes(
        policies, "Ingress", target, source, port, protocol
    )


def _passes(policies: Sequence[Policy], way: str, own: Peer, other: Peer, port: int, protocol: str) -> bool:
    """A pod that no policy of this direction selects is open; one that some select needs one rule of any of them."""
    of_pod = [each for each in policies if own.namespace == each["metadata"]["namespace"]]
    selecting = [each["spec"] for each in of_pod if way in each["spec"]["policyTypes"]]
    selecting = [spec for spec in selecting if _selects(spec["podSelector"], own.labels)]
    if own.namespace is None or not selecting:
        return True
    rules = [rule for spec in selecting for rule in spec.get(way.lower()) or ()]
    sides = {"Egress": "to", "Ingress": "from"}
    return any(
        _names(rule.get(sides[way]), own.namespace, other) and _has_port(rule.get("ports"), port, protocol)
        for rule in rules
    )


def _names(peers: Sequence[Mapping[str, Any]] | None, namespace: str, other: Peer) -> bool:
    return not peers or any(_is(peer, namespace, other) for peer in peers)


def _is(peer: Mapping[str, Any], namespace: str, other: Peer) -> bool:
    if "ipBlock" in peer:
        block = ipaddress.ip_network(peer["ipBlock"]["cidr"])
        return other.address is not None and ipaddress.ip_address(other.address) in block
    if other.namespace is None:
        return False
    if "namespaceSelector" in peer:
        if not _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace}):
            return False
    elif other.namespace != namespace:
        return False
    return _selects(peer.get("podSelector", {}), other.labels)


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    if any(each["operator"] != "In" for each in expressions):
        raise NotImplementedError(f"an operator other than In: {expressions}")
    return wanted.items() <= dict(labels).items() and all(
        labels.get(each["key"]) in each["values"] for each in expressions
    )


def _has_port(ports: Sequence[Mapping[str, Any]] | None, port: int, protocol: str) -> bool:
    return not ports or any(
        each.get("protocol", "TCP") == protocol and each.get("port", port) == port for each in ports
    )
