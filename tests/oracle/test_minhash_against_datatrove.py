"""Signatures and clusters beside datatrove 0.10.1's own, on real texts and edited copies of them."""

import random
import struct
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("datatrove", reason="the peer is absent: install the dependency group `oracle`")

from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.utils.hashing import HashConfig

from pipelines.dedup.config import DedupConfig, MinHashConfig
from pipelines.dedup.minhash import MinHasher
from pipelines.dedup.spark import clusters, signatures

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@pytest.fixture(scope="module")
def texts(shared_data: Path) -> list[str]:
    """Paragraphs of speeches and articles; every third comes again with some words lost, twice at that."""
    with zipfile.ZipFile(shared_data / "speeches" / "state_union.zip") as speeches:
        names = [name for name in sorted(speeches.namelist()) if name.endswith(".txt")]
        spoken = speeches.read(names[0]).decode("latin-1") + speeches.read(names[-1]).decode("latin-1")
    with zipfile.ZipFile(shared_data / "udhr" / "udhr.zip") as declarations:
        many_scripts = [
            declarations.read(name).decode("utf-8", "replace")
            for name in sorted(declarations.namelist())
            if name.endswith("UTF8") and "English" not in name
        ][::12]
    written = (shared_data / "wikitext2" / "test.txt").read_text("utf-8").splitlines()[:900]
    originals = [text for text in [*spoken.splitlines(), *written, *many_scripts] if text.strip()]
    generator = random.Random(7)
    copies = [_thinned(text, generator) for text in originals[::3] for _ in range(2)]
    return originals + copies


def _thinned(text: str, generator: random.Random) -> str:
    """Without a random share of its words, between none and one in twenty."""
    share = generator.uniform(0, 0.05)
    return " ".join(word for word in text.split(" ") if generator.random() >= share)


@pytest.mark.parametrize("algorithm", ["xxhash", "sha1"])
def test_signatures_are_bit_equal(texts, tmp_path, algorithm):
    peer = MinhashDedupSignature(str(tmp_path), config=MinhashConfig(hash_config=HashConfig(hash_fc=algorithm)))
    ours = MinHasher(MinHashConfig(hash=algorithm)).signatures(texts)
    for text, minima, present in zip(texts, ours.minima, ours.present, strict=True):
        shingles = peer.get_shingles(text)
        assert bool(shingles.size) == present
        if present:
            assert np.concatenate(peer.get_signature(shingles)).tolist() == minima.tolist(), text


def test_parity_mode_finds_the_same_clusters(texts, tmp_path, spark):
    config = DedupConfig(exact=False, minhash=MinHashConfig(verify=False))
    rows = [(f"{i:08}", text, 0) for i, text in enumerate(texts)]
    frame = spark.createDataFrame(rows, "doc_id string, text string, priority int").repartition(3)
    found = clusters(signatures(frame, config, 0, "run"), None, frame, config, 0, "run").collect()
    ours = defaultdict(set)
    for row in found:
        ours[row.cluster_id].add(int(row.doc_id))
    theirs = _datatrove_clusters(texts, tmp_path)
    assert len(theirs) > 150
    assert {frozenset(cluster) for cluster in ours.values()} == theirs


def _datatrove_clusters(texts: list[str], folder: Path) -> set[frozenset[int]]:
    signed, paired, clustered = (str(folder / name) for name in ("signed", "paired", "clustered"))
    documents = (Document(text=text, id=str(i)) for i, text in enumerate(texts))
    MinhashDedupSignature(signed).run(documents)
    pairing = MinhashDedupBuckets(signed, paired)
    for bucket in range(MinhashConfig().num_buckets):
        pairing.run(None, bucket, MinhashConfig().num_buckets)
    MinhashDedupCluster(paired, clustered, save_cluster_id=True).run()
    members = defaultdict(set)
    for document, cluster in struct.iter_unpack("<II", (folder / "clustered" / "000000.clusters").read_bytes()):
        members[cluster].add(document)
    return {frozenset(cluster) for cluster in members.values()}
