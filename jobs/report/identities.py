"""The equations that say nothing was lost and nothing came twice."""

from collections.abc import Mapping, Sequence

from jobs.report.facts import Flow, Identity, Source, Split


def identities(
    rows: Mapping[str, int],
    total: Flow,
    sources: Sequence[Source],
    clusters: tuple[int, int] | None,
    splits: Sequence[Split],
) -> tuple[Identity, ...]:
    """The equations between the tables; a side is None while its stage has not run.

    `rows` are the rows per table, `total` the lake's flow, `clusters` all clusters in `duplicates` and the sound ones.
    """
    read = sum(source.rows_read for source in sources) if sources else None
    documents = rows.get("documents")
    decisions = rows.get("decisions")
    clean = rows.get("clean_documents")
    tokens = rows.get("tokens")
    seen = documents is not None and "rejects" in rows
    equations = [
        Identity(
            statement="records read = documents + rejects",
            left=read,
            right=rows["documents"] + rows["rejects"] if seen else None,
        ),
        Identity(
            statement="documents = kept by the rules + dropped",
            left=documents,
            right=total.documents - total.undecided if decisions is not None else None,
        ),
        Identity(statement="documents = measures", left=documents, right=rows.get("measures")),
        Identity(statement="documents = decisions", left=documents, right=decisions),
        Identity(
            statement="clusters = clusters with one survivor and all their members",
            left=clusters[0] if clusters else None,
            right=clusters[1] if clusters else None,
        ),
        Identity(
            statement="kept = clean documents",
            left=total.kept if decisions is not None and "duplicates" in rows else None,
            right=clean,
        ),
        Identity(statement="clean documents = tokenized documents", left=clean, right=tokens),
    ]
    return (*equations, *_packed(total, tokens, splits))


def _packed(total: Flow, tokens: int | None, splits: Sequence[Split]) -> list[Identity]:
    """Packing appends one separator to each document and loses no token."""
    return [
        Identity(
            statement=f"tokens + a separator per document = tokens in {table}",
            left=total.tokens + tokens if tokens is not None else None,
            right=sum(split.tokens for split in splits if split.table == table),
        )
        for table in sorted({split.table for split in splits})
    ]
