"""Writes rows of ids as litdata's chunks of tokens, which `TokensLoader` cuts into rows again.

python litdata_convert.py ROWS.BIN FOLDER LENGTH
"""

import sys
from functools import partial

import numpy as np
import torch
from litdata import TokensLoader, optimize

ROWS_OF_CHUNK = 8192


def row(number: int, file: str, length: int) -> torch.Tensor:
    """The ids of a row."""
    rows = np.memmap(file, np.uint16, "r").reshape(-1, length)
    return torch.from_numpy(np.array(rows[number]))


if __name__ == "__main__":
    file, folder, length = sys.argv[1], sys.argv[2], int(sys.argv[3])
    count = np.memmap(file, np.uint16, "r").size // length
    optimize(
        partial(row, file=file, length=length),
        list(range(count)),
        folder,
        chunk_size=ROWS_OF_CHUNK * length,
        item_loader=TokensLoader(block_size=length),
        num_workers=1,
        verbose=False,
    )
