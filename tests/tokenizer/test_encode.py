import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from pipelines.tokenizer import fast, segment_ids, segments
from pipelines.tokenizer.encode import Encoder
from pipelines.tokenizer.load import parse

ENCODERS = ["fastokens", "tokenizers"]


def rows(ids: pa.LargeBinaryArray, dtype: np.dtype) -> list[list[int]]:
    return [np.frombuffer(each.as_py(), dtype).tolist() for each in ids]


def whole(tokenizer, text: str) -> list[int]:
    library = Tokenizer.from_str(tokenizer.json)
    library.encode_special_tokens = True
    return library.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_batch_gives_the_ids_of_each_text(bpe, encoder):
    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.text(max_size=40) | st.sampled_from(["it'ſ", "s'ſ'S's"]), max_size=6))
    def holds(texts):
        ids, n_tokens = Encoder(bpe, encoder).encode(pa.array(texts, pa.string()))
        assert rows(ids, bpe.dtype) == [whole(bpe, text) for text in texts]
        assert n_tokens.tolist() == [len(each) for each in rows(ids, bpe.dtype)]

    holds()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_null_is_the_empty_text_and_a_slice_is_what_it_shows(bpe, encoder):
    texts = pa.array(["the worm", "bird", None, "mouse", "cheese"]).slice(1, 3)
    ids, n_tokens = Encoder(bpe, encoder).encode(texts)
    assert rows(ids, bpe.dtype) == [whole(bpe, "bird"), [], whole(bpe, "mouse")]
    assert n_tokens[1] == 0


def test_texts_that_fastokens_leaves_to_the_library_stay_in_their_place(bpe, monkeypatch):
    monkeypatch.setattr(fast, "LONGEST", 20)
    texts = ["the bird", "it'ſ the worm", "cheese", "the second mouse gets the cheese", "worm"]
    assert fast.not_for_fastokens(pa.array(texts)).tolist() == [False, True, False, True, False]
    ids, n_tokens = Encoder(bpe, "fastokens").encode(pa.array(texts))
    assert rows(ids, bpe.dtype) == [whole(bpe, text) for text in texts]
    assert n_tokens.tolist() == [len(whole(bpe, text)) for text in texts]


@pytest.mark.parametrize("kind", ["bpe", "unigram", "wordpiece"])
def test_cutting_and_grouping_change_no_id(kind, request, monkeypatch, proverbs):
    tokenizer = request.getfixturevalue(kind)
    monkeypatch.setattr(segments, "MOST", 20)
    monkeypatch.setattr(segment_ids, "TOGETHER", 90)
    monkeypatch.setattr(segment_ids, "LONGEST_REMEMBERED", 5)
    monkeypatch.setattr(segment_ids, "SEGMENT_LIMIT", 10)
    texts = ["\n".join(proverbs[:7]), "", " ".join(proverbs[:9])]
    ids, _ = Encoder(tokenizer).encode(pa.array(texts))
    assert rows(ids, tokenizer.dtype) == [whole(tokenizer, text) for text in texts]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_text_cannot_forge_a_separator(bpe, encoder):
    ids, _ = Encoder(bpe, encoder).encode(pa.array(["a<|endoftext|>b"]))
    assert bpe.separator() not in rows(ids, bpe.dtype)[0]
    assert Tokenizer.from_str(bpe.json).decode(rows(ids, bpe.dtype)[0]) == "a<|endoftext|>b"


@pytest.mark.parametrize("encoder", ENCODERS)
def test_threads_may_share_an_encoder(bpe, encoder, proverbs):
    shared = Encoder(bpe, encoder)
    batches = [pa.array([f"{text}{number}" for text in proverbs]) for number in range(40)]
    expected = [Encoder(bpe).encode(batch)[0].to_pylist() for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        assert [ids.to_pylist() for ids, _ in pool.map(shared.encode, batches)] == expected


def test_no_special_tokens_are_added(wordpiece):
    ids, _ = Encoder(wordpiece).encode(pa.array(["the"]))
    assert rows(ids, wordpiece.dtype) == [[wordpiece.vocabulary["the"]]]


def test_a_vocabulary_of_70_000_is_stored_in_four_bytes():
    tokenizer = Tokenizer(models.WordLevel({f"w{number}": number for number in range(70_000)}, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    loaded = parse(tokenizer.to_str())
    ids, n_tokens = Encoder(loaded).encode(pa.array(["w65535 w65536 w69999"]))
    assert ids[0].as_py() == np.array([65_535, 65_536, 69_999], "<u4").tobytes()
    assert n_tokens.tolist() == [3]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_no_documents_give_no_rows(bpe, encoder):
    ids, n_tokens = Encoder(bpe, encoder).encode(pa.array([], pa.string()))
    assert (len(ids), len(n_tokens)) == (0, 0)


ENCODE_THEN_FORK = """
import os, sys
from pathlib import Path
import pyarrow as pa
from pipelines.tokenizer.encode import Encoder, one_thread
from pipelines.tokenizer.load import load

one_thread()
encoder = Encoder(load(Path(sys.argv[1])), sys.argv[2])
encoder.encode(pa.array(["", "'ſ"]))  # loads the kernels, for which numba starts a thread; and Arrow its pool
before = len(os.listdir("/proc/self/task"))
encoder.encode(pa.array(["the early bird"] * 1000))
print(len(os.listdir("/proc/self/task")) - before)
if os.fork() == 0:
    ids, n_tokens = encoder.encode(pa.array(["the early bird"] * 1000))
    os._exit(0 if n_tokens.all() else 1)
assert os.wait()[1] == 0
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted through /proc")
@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_task_starts_no_threads_and_forks_without_a_warning(bpe, encoder, tmp_path):
    tokenizer = tmp_path / "tokenizer.json"
    tokenizer.write_text(bpe.json)
    done = subprocess.run(
        [sys.executable, "-c", ENCODE_THEN_FORK, tokenizer, encoder], capture_output=True, text=True, check=True
    )
    assert (int(done.stdout), done.stderr) == (0, "")


PEAK_OF_A_LONG_DOCUMENT = """
import resource, sys
from pathlib import Path
import pyarrow as pa
from pipelines.tokenizer.encode import Encoder, one_thread
from pipelines.tokenizer.load import load

one_thread()
encoder = Encoder(load(Path(sys.argv[1])), sys.argv[4])
text = pa.array([Path(sys.argv[2]).read_text()])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ids, n_tokens = encoder.encode(text)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
Path(sys.argv[3]).write_bytes(ids[0].as_py())
"""


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_document_of_20_megabytes_takes_little_memory_and_has_the_ids_of_the_whole(bpe, proverbs, encoder, tmp_path):
    tokenizer, text, ids = tmp_path / "tokenizer.json", tmp_path / "text", tmp_path / "ids"
    tokenizer.write_text(bpe.json)
    paragraph = "\n".join(proverbs[:5]) + "\n"
    repeats = 20_000_000 // len(paragraph.encode()) + 1
    text.write_text(paragraph * repeats)
    done = subprocess.run(
        [sys.executable, "-c", PEAK_OF_A_LONG_DOCUMENT, tokenizer, text, ids, encoder],
        capture_output=True,
        text=True,
        check=True,
    )
    # One whole encoding of the library would hold more than a gigabyte: offsets, masks and strings of each token.
    assert int(done.stdout) < 250_000  # kB, text and ids included
    # The paragraph ends where the text may be cut, so the ids of the whole are those of the paragraph, repeated.
    one = np.array(whole(bpe, paragraph), bpe.dtype)
    assert whole(bpe, paragraph * 3) == one.tolist() * 3
    np.testing.assert_array_equal(np.frombuffer(ids.read_bytes(), bpe.dtype), np.tile(one, repeats))
