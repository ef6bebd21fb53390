"""Opens an export with the library that it is for, and writes what that gave as JSON. Runs in the peers' environment.

python open_exports.py ANSWER FUNCTION ARGUMENT …
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any


def streaming_samples(folder: str, split: str) -> list[dict[str, Any]]:
    """MosaicML Streaming: samples by index. Type and shape of arrays are part of the answer."""
    from streaming import LocalDataset

    opened = LocalDataset(folder, split=split or None)
    return [{name: _plain(value) for name, value in opened[number].items()} for number in range(len(opened))]


def streaming_epoch(folder: str, split: str) -> list[str]:
    """MosaicML Streaming: the sequence ids of an epoch, shuffled."""
    from streaming import StreamingDataset

    return [
        sample["sequence_id"] for sample in StreamingDataset(local=folder, split=split, shuffle=True, batch_size=4)
    ]


def datasets_folder(folder: str) -> dict[str, Any]:
    """Hugging Face's datasets: a folder with its card; features and rows of each split."""
    from datasets import load_dataset

    return {split: _rows(rows) for split, rows in load_dataset(folder).items()}


def datasets_files(kind: str, files: str) -> dict[str, Any]:
    """Hugging Face's datasets: files by pattern, as a builder that is named."""
    from datasets import load_dataset

    return _rows(load_dataset(kind, data_files=files, split="train"))


def megatron_sequences(prefix: str) -> dict[str, Any]:
    """Megatron-LM's IndexedDataset: all sequences, their type, the documents."""
    from megatron.core.datasets.indexed_dataset import IndexedDataset

    opened = IndexedDataset(prefix)
    return {
        "dtype": str(opened[0].dtype),
        "sequences": [opened[number].tolist() for number in range(len(opened))],
        "documents": opened.document_indices.tolist(),
    }


def megatron_samples(prefix: str, length: str, separator: str) -> list[dict[str, list[int]]]:
    """Megatron-LM's GPTDataset: the samples of one epoch, with positions that documents restart."""
    import numpy
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.indexed_dataset import IndexedDataset
    from megatron.core.datasets.utils import Split

    class Tokenizer:
        eod = pad = int(separator)
        vocab_size = 1 << 16
        unique_identifiers = {"class": "none"}  # noqa: RUF012

    indexed = IndexedDataset(prefix)
    with tempfile.TemporaryDirectory() as cache:
        config = GPTDatasetConfig(
            random_seed=1,
            sequence_length=int(length),
            split="1,0,0",
            tokenizer=Tokenizer(),
            path_to_cache=cache,
            reset_position_ids=True,
            reset_attention_mask=True,
            eod_mask_loss=True,
            mid_level_dataset_surplus=0.005,
        )
        everything = numpy.arange(len(indexed), dtype=numpy.int32)
        samples = GPTDataset(indexed, prefix, everything, None, Split.train, config)
        return [
            {name: samples[number][name].tolist() for name in ("tokens", "labels", "position_ids")}
            for number in range(len(samples))
        ]


def _plain(value: Any) -> Any:
    if hasattr(value, "dtype"):
        return {"dtype": str(value.dtype), "values": value.tolist()}
    return value


def _rows(rows: Any) -> dict[str, Any]:
    features = {name: str(feature) for name, feature in rows.features.items()}
    kept = [name for name, feature in features.items() if "binary" not in feature and "timestamp" not in feature]
    return {"features": features, "rows": rows.select_columns(kept).to_list()}


if __name__ == "__main__":
    answer, function, *given = sys.argv[1:]
    Path(answer).write_text(json.dumps(globals()[function](*given)))
