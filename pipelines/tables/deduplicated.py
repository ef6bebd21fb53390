"""What the stage dedup writes: signatures, duplicates and clean documents."""

import pyarrow as pa

from pipelines.tables.table import Table, columns, struct

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

PASSAGES = Table(
    "passages",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        site=pa.string(),  # registered domain of the address; `source <name>` where the document has none
        site_pages=pa.int64(),  # documents of the site, of this document's batch and earlier ones
        # Places are in code points of the text that is compared: as read, or as C4's line rules leave it.
        sentences=pa.list_(struct(start=pa.int64(), end=pa.int64(), words=pa.int64())),
        held=pa.list_(  # every passage; later documents are compared with it
            struct(kind=pa.string(), hash=pa.binary(), start=pa.int64(), end=pa.int64())
        ),
        repeats=pa.list_(  # those of `held` that stand in an earlier place or in another document
            struct(
                kind=pa.string(),  # boilerplate (a line of a site) | paragraphs | sentences (a window of them)
                start=pa.int64(),
                end=pa.int64(),
                documents=pa.int64(),  # that hold it, of this document's batch and earlier ones
                first=pa.string(),  # doc_id of the first of them, in the order of `duplicates`
                earlier=pa.bool_(),  # whether it stands in an earlier document, or earlier in this one
            )
        ),
        covered=pa.map_(pa.string(), pa.int64()),  # kind -> code points in passages of `repeats`, each once
        run_id=pa.string(),
    ),
    about="passages of the surviving documents, and those that repeat, under no threshold",
)

PASSAGE_DECISIONS = Table(
    "passage_decisions",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        policy=pa.string(),  # name@fingerprint of the thresholds on passages
        kept=pa.bool_(),
        reasons=pa.list_(pa.string()),  # `passages.<rule>`
        spans=pa.list_(struct(kind=pa.string(), start=pa.int64(), end=pa.int64())),  # that go; code points
        run_id=pa.string(),
    ),
    about="the spans that a policy takes out of each surviving document, and whether enough is left",
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
