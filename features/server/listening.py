"""The sockets that a server listens on: how they are bound, and how they end without resetting a connection."""

import ctypes
import socket
import struct
from contextlib import suppress

from features.server.settings import ServerSettingsError

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_RETURN = 0x06  # linux/filter.h: BPF_RET | BPF_K, how many bytes of a packet pass


def bind(host: str, port: int, shared: bool) -> socket.socket:
    """A socket bound to an address, not yet listening.

    Args:
        host: name or address.
        port: 0 for a free one.
        shared: whether other processes bind it too; the kernel then spreads connections over them.

    Raises:
        ServerSettingsError: the address is taken, or none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except OSError as error:
        raise ServerSettingsError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    return made


def take_no_more(listening: socket.socket) -> None:
    """From now on the kernel makes no connections of what arrives at a socket; those that it has made stay.

    A socket that is closed resets connections which the kernel has made and the process has not yet accepted: requests
    that clients believe to be on their way. So first nothing new is let in, by a packet filter that drops everything;
    what is there is accepted; then the socket is closed. A client that connects meanwhile sends its packet again a
    second later, and is refused. Where there are no such filters (other systems than Linux), this does nothing.
    """
    with suppress(OSError):
        drop = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN, 0, 0, 0), 8)
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(drop)))
