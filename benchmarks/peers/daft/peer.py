"""Daft: web archives to Delta tables of unique documents and of token ids, with its own expressions where it has them.

    peer.py --input FOLDER --output FOLDER --cores N --tokenizer FILE

Its WARC reader, resiliparse with our options in a process for each core, for threads wait for each other there; its
`minhash` (112 hashes, 5-grams) on text that its `normalize` made equal, 14 bands of 8 joined into connected
components, of which the first document stays, and fastokens.
"""

import argparse
import re
import shutil
from pathlib import Path

import daft
import numpy as np
import pyarrow as pa
from daft import DataType, Series, col
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.clock import Clock

BANDS, ROWS = 14, 8
CHARSET = re.compile(rb"charset=([\w.:-]+)", re.IGNORECASE)


class MainText:
    """The main text of HTTP responses."""

    @daft.method.batch(return_dtype=DataType.string(), batch_size=256)
    def extract(self, contents: Series) -> list[str]:
        from resiliparse.extract.html2text import extract_plain_text

        texts = []
        for content in contents.to_pylist():
            head, _, body = content.partition(b"\r\n\r\n")
            named = CHARSET.search(head)
            html = body.decode(named[1].decode() if named else "utf-8", "replace")
            texts.append(extract_plain_text(html, main_content=True, list_bullets=True, alt_texts=False, links=False))
        return texts


@daft.cls
class Tokens:
    """Token ids, little-endian uint32."""

    def __init__(self, tokenizer: str) -> None:
        import fastokens

        self._tokenizer = fastokens.Tokenizer.from_file(tokenizer)

    @daft.method.batch(return_dtype=DataType.binary())
    def encode(self, texts: Series) -> pa.Array:
        ids, offsets = self._tokenizer.encode_batch_flat(texts.to_pylist(), False, True)
        ends = np.frombuffer(offsets, "<u8").astype(np.int64) * 4
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(ids)]
        return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(ends) - 1, buffers)


def firsts(signatures: np.ndarray) -> np.ndarray:
    """Whether a document is the first of those it is connected with by equal bands; signatures are (n, 112)."""
    count = len(signatures)
    lefts, rights = [], []
    for band in range(BANDS):
        values = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS]).view(f"V{4 * ROWS}").ravel()
        _, first, group = np.unique(values, return_index=True, return_inverse=True)
        lefts.append(np.arange(count))
        rights.append(first[group.ravel()])
    left, right = np.concatenate(lefts), np.concatenate(rights)
    _, labels = connected_components(coo_array((np.ones(len(left), bool), (left, right)), (count, count)), False)
    found = np.zeros(count, bool)
    found[np.unique(labels, return_index=True)[1]] = True
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    options = parser.parse_args()
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    clock = Clock("daft", "deltalake", "fastokens")
    with clock.measure("chain") as done:
        main_text = daft.cls(MainText, use_process=True, max_concurrency=options.cores)()
        pages = (
            daft.read_warc(str(options.input / "*.warc.gz"))
            .where(col("WARC-Type") == "response")
            .select(
                col("WARC-Record-ID").cast(DataType.string()).alias("id"),
                main_text.extract(col("warc_content")).alias("text"),
            )
            .where(col("text").length() > 0)
        )
        words = col("text").normalize(remove_punct=True, lowercase=True, nfd_unicode=True, white_space=True)
        signed = pages.with_column("signature", words.minhash(num_hashes=BANDS * ROWS, ngram_size=5)).collect()
        ids = signed.select("id", "signature").to_arrow()
        signatures = ids["signature"].combine_chunks().flatten().to_numpy().reshape(-1, BANDS * ROWS)
        unique = daft.from_arrow(ids.select(["id"]).filter(pa.array(firsts(signatures))))
        documents = signed.select("id", "text").join(unique, on="id", how="semi").collect()
        documents.write_deltalake(str(options.output / "documents"))
        tokenize = Tokens(str(options.tokenizer))
        tokens = documents.select("id", tokenize.encode(col("text")).alias("ids"))
        tokens.write_deltalake(str(options.output / "tokens"))
    written = daft.read_deltalake(str(options.output / "tokens")).to_arrow()
    done |= {"pages": len(signed), "documents": len(written)}
    done["tokens"] = sum(map(len, written["ids"].to_pylist())) // 4
    clock.say()


if __name__ == "__main__":
    main()
