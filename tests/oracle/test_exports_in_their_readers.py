"""Exports are opened by the libraries that they are for, which see the rows of the lake."""

import itertools
import shutil

import feeds
import numpy as np
import pytest
from export.small_tables import rows_of_objective

from jobs.export.export import Request, export
from jobs.export.source import Source
from lake.lake import Lake
from pipelines.sequences.reader import Sequences
from pipelines.tables import SequenceFormat

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The libraries' environment stands."""
    if feeds.python() is None:
        pytest.skip("MosaicML Streaming, datasets and Megatron-LM are absent: make oracle")
    return tmp_path_factory.mktemp("readers")


@pytest.fixture
def exported(lake, reader, tmp_path):
    """Exports a table of the session's lake, and returns the folder."""

    def make(kind, table="sequences_causal", **options):
        folder = tmp_path / f"{kind}-{table}"
        export(Source.open(Lake(lake), table, None), Request(kind, str(folder), **options))
        return folder

    return make


def rows(lake, split="train"):
    return list(Sequences(lake, "causal").rows(split))


def test_streaming_gives_every_row_as_it_is(lake, reader, exported):
    found = feeds.ask(reader, "streaming_samples", exported("mds"), "train")
    assert found == [
        {
            "doc_lengths": {"dtype": "int32", "values": row.doc_lengths.tolist()},
            "ids": {"dtype": "uint16", "values": row.ids.tolist()},
            "n_tokens": int(row.doc_lengths.sum()),
            "sequence_id": row.sequence_id,
        }
        for row in rows(lake)
    ]


def test_streaming_gives_every_document_of_the_tokens(lake, reader, exported):
    found = feeds.ask(reader, "streaming_samples", exported("mds", "tokens"), "")
    stored = Lake(lake).read_here("tokens", ["doc_id", "ids", "n_tokens"]).to_pylist()
    assert found == [
        {**row, "ids": {"dtype": "uint16", "values": np.frombuffer(row["ids"], "<u2").tolist()}} for row in stored
    ]


def test_streaming_gives_rows_of_translation_with_their_own_lengths(reader, tmp_path):
    described = SequenceFormat("translation", 600, 32, 0, 1, "feedbeef")
    rows = [
        {
            "ids": [70_000] * length + [1, 7, 1],
            "doc_lengths": [length + 1, 2],
            "source_language": "de",
            "target_language": "en",
        }
        for length in (1, 300)
    ]
    export(rows_of_objective(tmp_path / "lake", described, rows), Request("mds", str(tmp_path / "out")))
    found = feeds.ask(reader, "streaming_samples", tmp_path / "out", "train")
    assert [sample["ids"] for sample in found] == [{"dtype": "uint32", "values": row["ids"]} for row in rows]
    assert [sample["doc_lengths"]["values"] for sample in found] == [row["doc_lengths"] for row in rows]
    assert [sample["source_language"] for sample in found] == ["de", "de"]


def test_a_shuffled_epoch_of_streaming_holds_every_row(lake, reader, exported):
    found = feeds.ask(reader, "streaming_epoch", exported("mds"), "train")
    assert set(found) == {row.sequence_id for row in rows(lake)}


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_datasets_opens_the_folder_with_its_splits(lake, reader, exported, kind):
    found = feeds.ask(reader, "datasets_folder", exported(kind, as_lists=True))
    assert found.keys() == {"train", "heldout"}
    for split, each in found.items():
        assert each["features"]["ids"] == "List(Value('uint16'))"
        assert [(row["sequence_id"], row["ids"], row["doc_ids"]) for row in each["rows"]] == [
            (row.sequence_id, row.ids.tolist(), [*row.doc_ids]) for row in rows(lake, split)
        ]


def test_datasets_gives_no_old_rows_of_another_export_of_the_same_name(reader, exported):
    """It keeps what it has read, and looks at the folder's card alone."""
    for columns in (["sequence_id", "n_tokens"], ["sequence_id", "position"]):
        folder = exported("parquet", columns=columns)
        found = feeds.ask(reader, "datasets_folder", folder)
        assert [*found["train"]["features"]] == columns
        shutil.rmtree(folder)


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_datasets_opens_the_files_by_their_kind(lake, reader, exported, kind):
    folder = exported(kind, "documents", as_lists=True)
    found = feeds.ask(reader, "datasets_files", kind, f"{folder}/data/*.{kind}")
    stored = Lake(lake).read_here("documents", ["doc_id", "text", "meta"]).to_pylist()
    assert [(row["doc_id"], row["text"]) for row in found["rows"]] == [(row["doc_id"], row["text"]) for row in stored]
    pairs = [[(pair["key"], pair["value"]) for pair in row["meta"]] for row in found["rows"]]
    assert pairs == [row["meta"] for row in stored]


def test_megatron_gives_each_document_as_a_sequence(lake, reader, exported):
    packed = Sequences(lake, "causal")
    found = feeds.ask(reader, "megatron_sequences", exported("megatron") / "train")
    expected = [[*ids.tolist(), packed.format.separator_id] for ids in packed.documents("train").values()]
    assert sorted(found["sequences"]) == sorted(expected)
    assert found["dtype"] == "uint16"
    assert found["documents"] == list(range(len(expected) + 1))


def test_samples_of_megatron_are_documents_one_behind_the_other(lake, reader, exported):
    """An epoch without its last, incomplete sample; positions begin anew behind each separator."""
    packed = Sequences(lake, "causal")
    length, separator = 1024, packed.format.separator_id  # GPTDataset cuts documents to its own length
    samples = feeds.ask(reader, "megatron_samples", exported("megatron") / "train", length, separator)
    documents = {(*ids.tolist(), separator) for ids in packed.documents("train").values()}
    assert len(samples) == (sum(map(len, documents)) - 1) // length
    for sample in samples:
        assert sample["tokens"][1:] == sample["labels"][:-1]
        for place, (before, position) in enumerate(itertools.pairwise(sample["position_ids"])):
            assert position == (0 if sample["tokens"][place] == separator else before + 1)
    whole = [piece for sample in samples for piece in _between(sample["tokens"], separator)]
    assert len(whole) > 10
    assert documents.issuperset(whole)


def _between(tokens, separator):
    """The documents that lie whole in a sample: from behind a separator to the next."""
    ends = [place + 1 for place, token in enumerate(tokens) if token == separator]
    return [tuple(tokens[start:end]) for start, end in itertools.pairwise(ends)]
