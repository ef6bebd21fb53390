"""One client, measured: a process of its own that looks documents up for some seconds and says what it took.

    python -m benchmarks.features.clients NAME --url URL --lake FOLDER --entities N --clients N --seconds S

One closed loop for each of the clients: each looks up, waits for the answer, and looks up again. The last line of
output is JSON: lookups, seconds, CPU seconds of this process, and latencies in seconds.
"""

import argparse
import asyncio
import gc
import json
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from benchmarks.features.documents import DOCUMENTS, SERVICE, document

Lookup = Callable[[Sequence[str]], Any]
WARM = 20  # lookups that are not measured


def ours(url: str, lake: str) -> Lookup:
    """tokenlake, service"""
    from features.online.reader import OnlineReader

    reader = OnlineReader(url)
    return lambda documents: reader.get(SERVICE, {"doc_id": documents}, timeout=30)


def ours_rows(url: str, lake: str) -> Lookup:
    """tokenlake, service, .rows()"""
    lookup = ours(url, lake)
    return lambda documents: lookup(documents).rows()


def ours_list(url: str, lake: str) -> Lookup:
    """tokenlake, list of features (Feast's layout)"""
    from features.online.reader import OnlineReader

    reader, names = OnlineReader(url), _names(url)
    return lambda documents: reader.get(names, {"doc_id": documents}, timeout=30)


def ours_async(url: str, lake: str) -> Callable[[Sequence[str]], Awaitable[Any]]:
    """tokenlake, service, asyncio"""
    from features.online.asynchronous import AsyncOnlineReader

    reader = AsyncOnlineReader(url)
    return lambda documents: reader.get(SERVICE, {"doc_id": documents}, timeout=30)


def raw_packed(url: str, lake: str) -> Lookup:
    """the bytes of a tokenlake lookup, hiredis, not decoded"""
    from features.online.valkey_pool import pipeline

    execute = _raw(url)
    reads = _reads(url, SERVICE)
    return lambda documents: execute(*pipeline(reads(documents)))


def raw_feast(url: str, lake: str) -> Lookup:
    """HMGET of the same features, hiredis, not decoded"""
    from features.online.valkey_pool import pipeline

    execute = _raw(url)
    reads = _reads(url, _names(url))
    return lambda documents: execute(*pipeline(reads(documents)))


def redis_py(url: str, lake: str) -> Lookup:
    """HMGET of the same features, redis-py pipeline, not decoded"""
    import redis

    client = redis.Redis.from_url(url.replace("valkey://", "redis://"))
    reads = _reads(url, _names(url))

    def lookup(documents: Sequence[str]) -> Any:
        (hashes,) = reads(documents).hashes
        with client.pipeline(transaction=False) as pipe:
            for key in hashes.keys:
                pipe.hmget(key + b"tokenlake", *hashes.shape.fields)
            return pipe.execute()

    return lookup


def feast(url: str, lake: str) -> Lookup:
    """Feast's SDK, service"""
    store = _feast_store(url, lake)
    service = store.get_feature_service(SERVICE)
    return lambda documents: store.get_online_features(service, {"doc_id": list(documents)})


def feast_dict(url: str, lake: str) -> Lookup:
    """Feast's SDK, service, .to_dict()"""
    lookup = feast(url, lake)
    return lambda documents: lookup(documents).to_dict()


CLIENTS = {
    client.__name__: client
    for client in (ours, ours_rows, ours_async, ours_list, raw_packed, raw_feast, redis_py, feast, feast_dict)
}


def _raw(url: str) -> Callable[[bytes, int], Any]:
    from features.store.address import ValkeyAddress, parse_address
    from features.store.valkey import ValkeyConnection

    address = parse_address(url)
    assert isinstance(address, ValkeyAddress)
    connection = ValkeyConnection(address)
    return lambda request, count: connection.execute(request, count, time.monotonic() + 30)


def _names(url: str) -> list[str]:
    """Every feature of the service."""
    from features.store.address import parse_address
    from features.store.plan_store import read_plan

    service = read_plan(parse_address(url), "tokenlake").service(SERVICE)
    return [f"{view}:{name}" for view, features in service.selections.items() for name in features]


def _reads(url: str, wanted: str | Sequence[str]) -> Callable[[Sequence[str]], Any]:
    """The first round trip of a lookup, as our reader asks for it."""
    from features.online.lookup import lookup
    from features.online.request import compile_request
    from features.store.address import parse_address
    from features.store.plan_store import read_plan

    request = compile_request(read_plan(parse_address(url), "tokenlake"), wanted)
    return lambda documents: next(lookup(request, {"doc_id": documents}, {}, len(documents), 0))


def _feast_store(url: str, lake: str) -> Any:
    import warnings

    warnings.simplefilter("ignore")
    import feast as sdk
    from feast.repo_config import RegistryConfig

    from features.feast_registry import FILE
    from features.store.address import ValkeyAddress, parse_address

    address = parse_address(url)
    assert isinstance(address, ValkeyAddress)
    return sdk.FeatureStore(
        config=sdk.RepoConfig(
            project="tokenlake",
            provider="local",
            registry=RegistryConfig(path=f"{lake}/{FILE}", cache_ttl_seconds=3600),
            online_store={"type": "redis", "connection_string": f"{address.host}:{address.port}"},
            offline_store={"type": "spark"},
            entity_key_serialization_version=3,
        )
    )


def _batches(entities: int, seed: int) -> list[list[str]]:
    generator = random.Random(seed)
    return [[document(number) for number in generator.sample(range(DOCUMENTS), entities)] for _ in range(64)]


def _loop(lookup: Lookup, batches: Sequence[Sequence[str]], until: float, latencies: list[float]) -> None:
    clock = time.perf_counter
    while True:
        for batch in batches:
            began = clock()
            if began > until:
                return
            lookup(batch)
            latencies.append(clock() - began)


async def _async_loop(
    lookup: Callable[[Sequence[str]], Awaitable[Any]],
    batches: Sequence[Sequence[str]],
    until: float,
    latencies: list[float],
) -> None:
    clock = time.perf_counter
    while True:
        for batch in batches:
            began = clock()
            if began > until:
                return
            await lookup(batch)
            latencies.append(clock() - began)


def measure(name: str, url: str, lake: str, entities: int, clients: int, seconds: float) -> dict[str, Any]:
    """Runs the clients and returns what they took."""
    batches = [_batches(entities, seed) for seed in range(clients)]
    latencies: list[float] = []
    lookup = CLIENTS[name](url, lake)
    if name == "ours_async":
        return asyncio.run(_measure_async(lookup, batches, seconds, latencies))
    for batch in batches[0][:WARM]:
        lookup(batch)
    gc.collect()
    cpu, began = time.process_time(), time.perf_counter()
    threads = [threading.Thread(target=_loop, args=(lookup, own, began + seconds, latencies)) for own in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _said(time.perf_counter() - began, time.process_time() - cpu, latencies)


async def _measure_async(
    lookup: Any, batches: Sequence[Sequence[Sequence[str]]], seconds: float, latencies: list[float]
) -> dict[str, Any]:
    for batch in batches[0][:WARM]:
        await lookup(batch)
    gc.collect()
    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(_async_loop(lookup, own, began + seconds, latencies) for own in batches))
    return _said(time.perf_counter() - began, time.process_time() - cpu, latencies)


def _said(seconds: float, cpu: float, latencies: list[float]) -> dict[str, Any]:
    latencies.sort()
    return {
        "lookups": len(latencies),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[len(latencies) * 99 // 100],
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(CLIENTS))
    parser.add_argument("--url", required=True)
    parser.add_argument("--lake", required=True)
    parser.add_argument("--entities", type=int, required=True)
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    found = measure(given.name, given.url, given.lake, given.entities, given.clients, given.seconds)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
