"""What kubectl 1.35 says of a real API server, and what the user is told."""

import pytest

from jobs.kubernetes.cluster_errors import (
    ClusterError,
    DeniedError,
    NoOperatorError,
    ObjectNotFoundError,
    UnreachableError,
    explained,
)

NO_TYPE = 'error: the server doesn\'t have a resource type "scheduledsparkapplications"\n'
NO_KIND = (
    'error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind '
    '"SparkApplication" in version "sparkoperator.k8s.io/v1beta2"\nensure CRDs are installed first\n'
)
MAY_NOT_LIST = (
    "Error from server (Forbidden): scheduledsparkapplications.sparkoperator.k8s.io is forbidden: User "
    '"jane" cannot list resource "scheduledsparkapplications" in API group "sparkoperator.k8s.io" in the namespace '
    '"lake"\n'
)
MAY_NOT_CREATE = (
    'Error from server (Forbidden): error when creating "STDIN": sparkapplications.sparkoperator.k8s.io is forbidden: '
    'User "jane" cannot create resource "sparkapplications" in API group "sparkoperator.k8s.io" in the namespace '
    '"lake"\n'
)
NO_NAMESPACE = 'Error from server (NotFound): error when creating "STDIN": namespaces "nowhere" not found\n'
NO_POD = 'error: error from server (NotFound): pods "x-driver" not found in namespace "lake"\n'
NO_SERVER = (
    "E1127 01:48:49.104262   12345 memcache.go:265] couldn't get current server API group list: Get "
    '"https://127.0.0.1:443/api?timeout=30s": dial tcp 127.0.0.1:443: connect: connection refused\n'
    "The connection to the server 127.0.0.1:443 was refused - did you specify the right host or port?\n"
)
NO_TOKEN = "error: You must be logged in to the server (Unauthorized)\n"


@pytest.mark.parametrize("said", [NO_TYPE, NO_KIND])
def test_cluster_without_the_operator(said):
    error = explained(said)
    assert isinstance(error, NoOperatorError)
    assert "has no Spark operator" in str(error)


def test_user_who_may_not_list_is_told_verb_resource_and_namespace():
    error = explained(MAY_NOT_LIST)
    assert isinstance(error, DeniedError)
    assert "jane may not list scheduledsparkapplications.sparkoperator.k8s.io in namespace lake" in str(error)


def test_user_who_may_not_create():
    assert "jane may not create sparkapplications" in str(explained(MAY_NOT_CREATE))


def test_missing_namespace():
    error = explained(NO_NAMESPACE)
    assert isinstance(error, ObjectNotFoundError)
    assert str(error).startswith("there is no namespace nowhere; name another with --namespace")


def test_missing_object():
    assert str(explained(NO_POD)) == "there is no pod x-driver"


def test_server_that_does_not_answer_is_said_without_the_noise_of_kubectl():
    error = explained(NO_SERVER)
    assert isinstance(error, UnreachableError)
    assert "memcache" not in str(error)
    assert "The connection to the server 127.0.0.1:443 was refused" in str(error)


def test_user_whom_the_cluster_does_not_know():
    assert isinstance(explained(NO_TOKEN), DeniedError)


def test_refused_object_is_no_missing_right():
    error = explained(
        'Error from server (Forbidden): error when creating "STDIN": pods "x" is forbidden: exceeded quota: '
        "tokenlake, requested: pods=1, used: pods=20, limited: pods=20\n"
    )
    assert type(error) is ClusterError
    assert str(error).startswith('pods "x" is forbidden: exceeded quota: tokenlake')


def test_kubectl_that_says_nothing():
    assert str(explained("")) == "kubectl failed"
