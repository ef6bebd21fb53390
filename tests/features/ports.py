"""Ports for servers of tests."""

import socket


def free_port() -> int:
    """A port that nothing listens on: tests run in several processes at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
