"""Reads objects of the Spark operator in a pod, with the pod's service account; the image has no kubectl.

Which variables and files a pod has: kubernetes.io, "Accessing the Kubernetes API from a Pod".
"""

import json
import os
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import MisuseError, TokenlakeError

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_API = "/apis/sparkoperator.k8s.io/v1beta2"
_LABEL = "app.kubernetes.io/name=tokenlake"
_PAGE = 500  # objects an answer
_TIMEOUT = 5.0  # seconds for each answer


class NoClusterError(MisuseError, LookupError):
    """This process is in no pod."""


class ClusterError(TokenlakeError, RuntimeError):
    """The API server is away, or refuses."""


@dataclass(frozen=True)
class Cluster:
    """The API server that runs this pod; `account` is the folder of its token, which is renewed there."""

    host: str
    port: str
    account: Path = _ACCOUNT

    @staticmethod
    def of_this_pod(account: Path = _ACCOUNT) -> "Cluster":
        """The cluster whose pod this process is.

        Raises:
            NoClusterError: it is in none.
        """
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        if not host or not (account / "token").is_file():
            raise NoClusterError(
                "--kubernetes works in a pod with a service account: KUBERNETES_SERVICE_HOST or "
                f"{account}/token is missing. Outside of a cluster, leave the option out"
            )
        return Cluster(f"[{host}]" if ":" in host else host, port, account)

    def objects(self, namespace: str, kind: str) -> Iterator[Mapping[str, Any]]:
        """The objects of tokenlake in a namespace; `kind` as in URLs, such as `sparkapplications`.

        Raises:
            ClusterError: the API server did not answer, or refused.
        """
        path = f"{_API}/namespaces/{urllib.parse.quote(namespace)}/{kind}"
        following = ""
        while True:
            query = {"labelSelector": _LABEL, "limit": str(_PAGE), **({"continue": following} if following else {})}
            answer = self._get(f"{path}?{urllib.parse.urlencode(query)}")
            yield from answer["items"]
            following = answer.get("metadata", {}).get("continue", "")
            if not following:
                return

    def _get(self, path: str) -> Any:
        url = f"https://{self.host}:{self.port}{path}"
        try:
            token = (self.account / "token").read_text().strip()
            trusted = ssl.create_default_context(cafile=str(self.account / "ca.crt"))
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
            with urllib.request.urlopen(request, timeout=_TIMEOUT, context=trusted) as answer:
                return json.load(answer)
        except (OSError, ValueError) as error:  # urllib's errors are OSErrors
            raise ClusterError(f"{url}: {error}") from error
