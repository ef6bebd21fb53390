"""Lookups over TLS: through a proxy that speaks it, to a real store."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from in_a_loop import run, tokens
from stores import NOW, PLAN, write

from features.online.asynchronous import AsyncOnlineReader
from features.online.reader import OnlineReader
from features.store.address import ValkeyAddress, parse_address
from features.store.errors import StoreTimeoutError, StoreUnavailableError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(command, check=True, capture_output=True)
    return files


@pytest.fixture
def proxy(store: str, certificate: tuple[Path, Path]) -> Iterator[ValkeyAddress]:
    """Where the store is reached by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    address = parse_address(store)
    assert isinstance(address, ValkeyAddress)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listening.accept()
                threading.Thread(target=connect, args=(plain,), daemon=True).start()

    def connect(plain: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client = context.wrap_socket(plain, server_side=True)
            server = socket.create_connection((address.host, address.port))
            threading.Thread(target=relay, args=(client, server), daemon=True).start()
            relay(server, client)

    threading.Thread(target=serve, daemon=True).start()
    yield ValkeyAddress(port=listening.getsockname()[1], tls=True)
    listening.close()


def relay(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


ROWS = [{"doc_id": str(number), "tokens": number, "title": "t" * 5_000} for number in range(400)]


def test_a_trusted_server_is_read(
    store: str, proxy: ValkeyAddress, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    write(store, "document", *ROWS)

    with OnlineReader(proxy, plan=PLAN) as reader:
        vectors = reader.get("curation", {"doc_id": [row["doc_id"] for row in ROWS]}, timeout=30, at_us=NOW)

    assert vectors.columns[0] == [row["tokens"] for row in ROWS]


def test_a_trusted_server_is_read_by_tasks(
    store: str, proxy: ValkeyAddress, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    write(store, "document", *ROWS)

    async def body(reader: AsyncOnlineReader) -> list[int | None]:
        return await tokens(reader, *(row["doc_id"] for row in ROWS), timeout=30)

    assert run(proxy, body) == [row["tokens"] for row in ROWS]


def test_a_server_that_is_not_trusted_is_not_read(proxy: ValkeyAddress):
    with pytest.raises(StoreUnavailableError, match="certificate verify failed"):
        OnlineReader(proxy, plan=PLAN).get("curation", {"doc_id": ["a"]}, timeout=5)


def test_a_server_that_does_not_speak_tls_is_a_timeout_or_unavailable(store: str):
    address = parse_address(store.replace("valkey://", "valkeys://"))

    with pytest.raises((StoreUnavailableError, StoreTimeoutError)):
        OnlineReader(address, plan=PLAN).get("curation", {"doc_id": ["a"]})
