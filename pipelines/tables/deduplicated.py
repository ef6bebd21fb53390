"""What the stage dedup writes: signatures, duplicates and clean documents."""

import pyarrow as pa

from pipelines.tables.table import Table, columns

SIGNATURES = Table(
    "signatures",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        text_hash=pa.binary(),  # 16 bytes: equal for exact duplicates
        length=pa.int64(),  # code points of the text that is compared
        priority=pa.int32(),  # of the source, higher survives
        batch=pa.int64(),  # order of arrival: 0 for the first dedup commit, then 1, ...
        bands=pa.list_(pa.int64()),  # one hash per MinHash bucket; empty when the text has too few words
        run_id=pa.string(),
    ),
    about="hashes and MinHash bands of the documents that the rules kept; new data is compared with them",
)

DUPLICATES = Table(
    "duplicates",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        method=pa.string(),  # exact | minhash
        cluster_id=pa.string(),  # doc_id of the survivor, which is in lake `reference` if that is set
        cluster_size=pa.int64(),  # documents of this lake
        kept=pa.bool_(),
        similarity=pa.float64(),  # Jaccard with the survivor; null where it was not computed
        component_id=pa.string(),  # smallest doc_id of the LSH component, before verification; null with `reference`
        reference=pa.string(),  # the other lake that holds the document; null in clusters of this lake
        run_id=pa.string(),
    ),
    later=("reference",),
    about="a row for every clustered document; exactly one per cluster is kept, none where another lake holds it",
)

CLEAN_DOCUMENTS = Table(
    "clean_documents",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        source=pa.string(),
        language=pa.string(),
        text=pa.string(),  # after the passes of the policy: C4's line rules, ftfy, PII
        characters=pa.int64(),  # code points of `text`
        rewritten=pa.map_(pa.string(), pa.int64()),  # pass that changed the text -> characters removed, < 0: added
        pii=pa.map_(pa.string(), pa.int64()),  # kind -> spans replaced
        split_group_id=pa.string(),  # the LSH component when there is one, else doc_id: the held-out split goes by it
        run_id=pa.string(),
    ),
    about="final documents: kept by the rules, one per duplicate cluster, rewritten as the policy says",
)
