"""Runs tests of the reader for asyncio."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from stores import NOW, PLAN, TRUSTED

from features.online.asynchronous import AsyncOnlineReader
from features.store.address import ValkeyAddress


def run(url: str | ValkeyAddress, body: Callable[[AsyncOnlineReader], Awaitable[Any]]) -> Any:
    """Runs a test's body with a reader, on asyncio's own loop."""

    async def main() -> Any:
        async with AsyncOnlineReader(url, plan=PLAN, trusted_modules=TRUSTED) as reader:
            return await body(reader)

    return asyncio.run(main())


async def tokens(reader: AsyncOnlineReader, *documents: str, timeout: float = 10) -> list[int | None]:
    vectors = await reader.get("curation", {"doc_id": list(documents)}, timeout=timeout, at_us=NOW)
    return vectors.columns[0]
