"""What a feature server is told when it starts."""

import ipaddress
from dataclasses import dataclass

from features.online.base import TRUSTED_MODULES
from features.store.address import Address
from pipelines.errors import MisuseError


class ServerSettingsError(MisuseError, ValueError):
    """The server cannot run with these settings."""


@dataclass(frozen=True)
class Limits:
    """What one request may ask for, and one process does at once."""

    body_bytes: int = 8 << 20
    entities: int = 5_000
    features: int = 1_000
    in_flight: int = 1_000  # requests of one process; more are refused at once instead of waiting


@dataclass(frozen=True)
class Settings:
    """Of a server; every worker process has the same.

    Attributes:
        address: of the online store.
        project: whose features are served.
        host: to listen on.
        port: for HTTP; 0 takes a free one.
        grpc_port: for gRPC; 0 takes a free one, None serves no gRPC.
        keys: path of the file of API keys; None asks callers for no key.
        lake: the lake that pushed rows are written to; None refuses what is pushed to the tables.
        timeout: seconds that a request may take; a caller may ask for less.
        push_timeout: seconds that a push may take.
        drain: seconds during which a server that was told to stop still accepts connections, while `/ready` says no.
        linger: seconds that idle connections are then kept, so that a request on its way is still answered.
        plan_interval: seconds between two looks at the plan in the store.
        workers: processes.
        trusted_modules: packages that the plan in the store may name functions of on-demand views in.
        sample: share of entities whose requests are logged for the consistency check, in the folder `request_log`.
    """

    address: Address
    project: str = "tokenlake"
    host: str = "127.0.0.1"
    port: int = 6566
    grpc_port: int | None = 6567
    keys: str | None = None
    lake: str | None = None
    limits: Limits = Limits()
    timeout: float = 1.0
    push_timeout: float = 30.0
    drain: float = 0.0
    linger: float = 1.0
    plan_interval: float = 2.0
    workers: int = 1
    trusted_modules: tuple[str, ...] = TRUSTED_MODULES
    sample: float = 0.0
    request_log: str | None = None
    access_log: bool = False
    log_json: bool = False


def is_loopback(host: str) -> bool:
    """Whether only processes of this machine reach what listens on this host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
