"""What `tokenlake retract` has taken out of a lake, so that no later reading brings it back."""

import pyarrow as pa

from pipelines.tables.table import TIMESTAMP, Table, columns

RETRACTIONS = Table(
    "retractions",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),  # of the document; of a closed file without documents, that of its path alone
        goes_with=pa.string(),  # doc_id of the retraction that covers this one too; null if it was selected
        source=pa.string(),
        path=pa.string(),  # of the file, as in `inputs`
        uri=pa.string(),
        text_hash=pa.string(),  # 32 hex digits: `pipelines.readers.retracted.text_hash`; null beside `goes_with`
        url=pa.string(),  # of the record, as its `meta` has it: later records of this address stay out too
        whole_file=pa.bool_(),  # whether nothing of the file is read any more
        selector=pa.string(),  # the option: `--doc-id`, `--uri`, `--where`, `--with-duplicates`; never its value
        reason=pa.string(),  # as the user gave it
        requested_at=TIMESTAMP,
        run_id=pa.string(),
    ),
    about="documents that were retracted, and what later readings leave out because of them; no texts",
)
