"""Settings of object stores, from the environment variables that their own tools use.

The stores of this process, delta-rs and the embedded engine are all built on the crate `object_store` and read the
same variables, as do child processes: the environment is the only place of these settings, secrets included.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


def endpoint(environment: Mapping[str, str] = os.environ) -> str | None:
    """The address of an S3-compatible store; None for AWS itself."""
    return next((environment[name] for name in _ENDPOINTS if environment.get(name)), None)


def prepare() -> None:
    """Completes the environment before a store is opened: what follows from the settings that a user has made."""
    address = endpoint()
    if address is None:
        return
    os.environ.setdefault("AWS_ENDPOINT_URL", address)
    if address.startswith("http://"):
        os.environ.setdefault("AWS_ALLOW_HTTP", "true")
    if not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
        os.environ["AWS_REGION"] = "us-east-1"  # signatures need one; stores other than AWS ignore it


def client_options() -> Any:
    """Options of `obstore`'s HTTP client: options in the call replace those of the environment."""
    return {"timeout": timedelta(seconds=60), "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"}
