"""What a Python worker remembers of the texts that it has measured has a bound."""

import json
import subprocess
import sys

# Ever new words in two languages; the resident set in MB after each batch of 100,000 of them.
_PROGRAM = """
import json, random
from pathlib import Path
import pyarrow as pa
from pipelines.rules.config import MeasureConfig
from pipelines.rules.measures import measure
from pipelines.tables import DOCUMENTS
from pipelines.words import splitter

splitter.CHUNKS_OF_ALL_LANGUAGES = 300_000
letters, draw = "abcdefghijklmnopqrstuvwxyz", random.Random(5)

def text():
    return " ".join("".join(draw.choices(letters, k=9)) for _ in range(200))

resident = []
for number in range(16):
    rows = [
        {"doc_id": str(row), "source": "test", "text": text(), "meta": [], "language": ("en", "de")[number % 4 == 0]}
        for row in range(500)
    ]
    measure(pa.RecordBatch.from_pylist(rows, DOCUMENTS.schema), MeasureConfig())
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    resident.append(int(status["VmRSS"].split()[0]) / 1000)
print(json.dumps(resident))
"""


def test_ever_new_words_do_not_make_a_worker_larger():
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    resident = json.loads(done.stdout)
    # The tables are full after three batches; if nothing were forgotten, the others would add over 100 MB.
    assert max(resident[7:]) < max(resident[:7]) + 40, resident
