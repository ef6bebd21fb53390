"""Files with damaged bytes: right numbers of rows or an error that names the file, never a crash."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from other_writers import data_files, replace
from sequence_tables import append, packed_rows
from test_rows import MASKED, TRANSLATION, rows_for

from training.feed.errors import FeedError
from training.feed.row_reader import RowReader, read_rows
from training.feed.table import open_table

_TRIES = 120


def read_damaged(root):
    """Damages the one file of a table in many ways, one at a time, and reads it each time."""
    random, errors = np.random.default_rng(1), []
    path = Path(root, "sequences_causal", data_files(f"{root}/sequences_causal")[0])
    whole = path.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little") + 8
    for number in range(_TRIES):
        data = bytearray(whole)
        at = int(random.integers(len(whole) - footer if number % 2 else 0, len(whole)))
        size = min(int(random.integers(1, 9)), len(whole) - at)
        data[at : at + size] = random.bytes(size)
        path.write_bytes(data)
        try:
            table = open_table(root, "causal")
            found = read_rows([RowReader(table)], np.zeros(200, np.int64), np.arange(200))
            assert len(found.doc_counts) == 200, (at, size)
            assert found.ids().nbytes <= 200 * 32, (at, size)
        except FeedError as error:
            errors.append(str(error))
    assert len(errors) > _TRIES // 10
    assert [error for error in errors if str(path) not in error] == []


@pytest.mark.parametrize(
    ("described", "options"),
    [
        (None, {}),
        (TRANSLATION, {}),
        (MASKED, {"compression": "none", "use_dictionary": False, "row_group_size": 50}),
        (None, {"compression": "zstd"}),
    ],
    ids=["ours", "translation", "row groups", "compressed"],
)
def test_damaged_bytes(tmp_path, described, options):
    rows = rows_for(described, 200) if described else packed_rows(200)
    append(tmp_path, rows, **({"described": described} if described else {}))
    if options:
        table = f"{tmp_path}/sequences_causal"
        replace(table, data_files(table)[0], **options)
    program = "import sys; from test_damaged_files import read_damaged; read_damaged(sys.argv[1])"
    places = os.pathsep.join([os.getcwd(), *(str(Path(__file__).parents[up]) for up in (0, 1))])
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": f"{places}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
