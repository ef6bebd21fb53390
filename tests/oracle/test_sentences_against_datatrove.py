"""Spans of sentences go where datatrove's sentence deduplication removes them, and so do documents.

Texts are of one line each: datatrove's sentences cross lines, ours do not (docs/decisions/0052-passages.md). Of equal
windows datatrove keeps the first in the order of its input, so it gets the documents in our order.
"""

import random

import corpus
import pytest
from oracle import environment
from passages.passage_lakes import Collection, by_address, texts

DOCUMENTS = 150
THRESHOLDS = {"min_words": 50, "min_sentences": 3}


def prose(number):
    """A line of sentences of which other documents have some; every third of them in other capitals and numbers."""
    chance = random.Random(number)
    chosen = chance.sample(corpus.PARAGRAPHS[:120], chance.randrange(1, 4))
    text = " ".join(chosen)
    return text.upper().replace("1", "22") if number % 3 == 0 else text


@pytest.mark.parametrize("window", [1, 3])
def test_the_same_sentences_go_and_the_same_documents_are_dropped(peer, engine, tmp_path, window):
    collection = Collection(engine, tmp_path, {"sentences": {"window": window}}, **THRESHOLDS)
    read = {f"http://a.org/{number}": prose(number) for number in range(DOCUMENTS)}
    collection.write("all", read)
    lake = collection.run()
    signed = by_address(lake, "signatures")
    order = sorted(by_address(lake, "passages"), key=lambda it: (-signed[it]["length"], signed[it]["doc_id"]))
    request = {"language": "eng", "window": window, "texts": [read[address] for address in order], **THRESHOLDS}
    peers = dict(zip(order, environment.ask("datatrove_sentences.py", request), strict=True))
    ours = texts(lake)
    assert {address for address in order if address not in ours} == {it for it, text in peers.items() if text is None}
    different = [it for it in ours if " ".join(ours[it].split()) != " ".join(peers[it].split())]
    assert different == []
    # Both happened often enough for the comparison to say something.
    assert sum(ours[it] != read[it] for it in ours) > 10
    assert len(order) - len(ours) > 10
