"""Which passages repeat, on the engine, is what the definitions say, in whatever order documents arrived."""

import random

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import plain_passages

from lake.lake import Lake
from lake.scratch import Scratch
from pipelines.passages.config import BoilerplateConfig, ParagraphsConfig, PassagesConfig, SentencesConfig
from pipelines.passages.spark import passages, repeats
from pipelines.tables import PASSAGES, SIGNATURES

CONFIG = PassagesConfig(
    sentences=SentencesConfig(window=2), paragraphs=ParagraphsConfig(), boilerplate=BoilerplateConfig()
)
SAYINGS = ["It rains.", "The river rises!", "Nobody goes out.", "home\n", "page 3 of 10\n", "the end\n\n"]
ORDER = "{batch:019d}{priority:019d}{length:019d}{doc_id}"


def collection(seed, documents):
    """Documents that share many passages, on two sites, in three batches."""
    chance = random.Random(seed)
    made = []
    for number in range(documents):
        text = " ".join(chance.choices(SAYINGS, k=chance.randrange(1, 6)))
        place = {"batch": chance.randrange(3), "priority": chance.randrange(2), "length": len(text)}
        key = f"{chance.randrange(10**6):06d}-{number}"
        ranked = {**place, "priority": 2**31 - place["priority"], "length": 2**62 - len(text)}
        order = ORDER.format(**ranked, doc_id=key)
        site = chance.choice(["a.org", "b.org"])
        made.append(
            {"doc_id": key, "text": text, "url": f"http://www.{site}/{number}", "site": site, "order": order} | place
        )
    return made


def measured(engine, lake, documents, since):
    """Rows of `passages` of the documents of batch `since` and later, compared with the earlier ones."""
    columns = pa.schema([(name, pa.string()) for name in ("doc_id", "source", "language", "url", "text")])
    filled = [{**each, "source": "web", "language": "en"} for each in documents]
    signed = [{**dict.fromkeys(SIGNATURES.schema.names), **each, "bands": []} for each in documents]
    signatures = engine.frame(pa.Table.from_pylist(signed, SIGNATURES.schema))
    never = [{"site_pages": None, "repeats": None}]
    kind = pa.struct([PASSAGES.schema.field(name) for name in never[0]])
    with Scratch(lake, "repeats") as scratch:

        def found(rows):
            made = passages(engine.frame(pa.Table.from_pylist(rows, columns)), CONFIG).frame().toArrow()
            before = pa.nulls(len(made), kind)
            return engine.frame(made.append_column("before", before)) if rows else None

        new, old = ([each for each in filled if (each["batch"] >= since) is wanted] for wanted in (True, False))
        if not new:
            return {}
        rows = repeats(found(new), found(old), signatures, scratch, "run").frame().toArrow()
    return {row["doc_id"]: row for row in rows.to_pylist(maps_as_pydicts="strict")}


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), documents=st.integers(1, 9), since=st.integers(0, 2))
def test_repeats_are_those_of_the_definitions_however_many_documents_are_new(
    engine, tmp_path_factory, seed, documents, since
):
    made = collection(seed, documents)
    found = measured(engine, Lake(str(tmp_path_factory.mktemp("lake")), engine), made, since)
    expected = plain_passages.repeats(made, 2)
    new = {each["doc_id"]: each for each in made if each["batch"] >= since}
    assert {key: row["repeats"] for key, row in found.items()} == {key: expected[key] for key in new}
    pages = {
        key: sum(other["site"] == each["site"] and other["batch"] <= each["batch"] for other in made)
        for key, each in new.items()
    }
    assert {key: row["site_pages"] for key, row in found.items()} == pages
