"""Opens sockets to Valkey or Redis by a deadline: TCP, with TLS, or a Unix socket."""

import select
import socket
import time
from typing import TYPE_CHECKING

from features.store.address import ValkeyAddress

if TYPE_CHECKING:
    import ssl


def connected(address: ValkeyAddress, deadline: float) -> socket.socket:
    """A connected socket that does not block.

    Only the look-up of a host's name is not bound by the deadline: the system's resolver has its own.

    Raises:
        TimeoutError: the server did not accept by the deadline, on the clock of `time.monotonic`.
        OSError: it cannot be reached, or its certificate is not trusted.
    """
    if address.socket is not None:
        return _at(socket.AF_UNIX, address.socket, deadline)
    last: OSError | None = None
    for family, _, _, _, place in socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM):
        try:
            made = _at(family, place, deadline)
        except TimeoutError:
            raise
        except OSError as error:
            last = error
            continue
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _with_tls(made, address.host, deadline) if address.tls else made
    raise last or OSError(f"{address.host} has no address")


def tls_context() -> "ssl.SSLContext":
    """Verifies the server by the system's certificates; the variable `SSL_CERT_FILE` names others."""
    import ssl

    return ssl.create_default_context()


def _at(family: int, place: object, deadline: float) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(_left(deadline))
        made.connect(place)  # type: ignore[arg-type]  # what getaddrinfo gave, or a path
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def _with_tls(plain: socket.socket, host: str, deadline: float) -> socket.socket:
    import ssl

    made = tls_context().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    waiting = select.poll()
    waiting.register(made)
    try:
        while True:
            try:
                made.do_handshake()
                return made
            except ssl.SSLWantReadError:
                waiting.modify(made, select.POLLIN)
            except ssl.SSLWantWriteError:
                waiting.modify(made, select.POLLOUT)
            waiting.poll(_left(deadline) * 1000)
    except BaseException:
        made.close()
        raise


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left to connect")
    return left
