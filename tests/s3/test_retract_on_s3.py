"""A lake in a bucket forgets a document: no object of it holds the text, and it stays out when it is read again."""

import json

import numpy as np
import pyarrow.parquet as pq
import tokenizers
from commands import succeed, tokenlake

from lake.lake import Lake

MARKER = "zwyxquandle"


def text(topic: str) -> str:
    return " ".join(f"The {topic} of day {n} was seen by {n * 7 + len(topic)} people near it." for n in range(8))


def objects_with(folder, word):
    """The objects of a lake, as files, that hold a word: as bytes, in Parquet, or as ids of tokens."""
    (file,) = (folder / "tokenizers").glob("*.json")
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.parent.name != "tokenizers"):
        held = path.read_bytes()
        texts = [held.decode("utf-8", "replace")]
        if path.suffix == ".parquet" and "_delta_log" not in path.parts:
            table = pq.read_table(path)
            texts.append(str(table.to_pylist()))
            if "ids" in table.column_names:
                ids = [np.frombuffer(each, "<u2").tolist() for each in table["ids"].to_pylist()]
                texts += [tokenizer.decode(each) for each in ids]
        if any(word in each for each in texts):
            found.append(str(path.relative_to(folder)))
    return found


def test_a_document_of_a_lake_in_a_bucket_is_erased_and_stays_out(bucket, tmp_path):
    uri, folder = bucket.uri("lake"), bucket.folder / "lake"
    (tmp_path / "texts").mkdir()
    lines = [text("ferry"), " ".join([text("coast"), MARKER]), text("harbour")]
    notes = tmp_path / "texts" / "notes.jsonl"
    notes.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines))
    config = tmp_path / "run.yaml"
    config.write_text(
        f"lake: {uri}\nsources: [{{name: texts, path: {tmp_path}/texts}}]\nclean: {{policy: none}}\n"
        "tokenizer: {vocab_size: 400}\npack: [{length: 64}]\n"
    )
    succeed("run", config)
    assert objects_with(folder, MARKER)
    done = json.loads(succeed("retract", uri, "--where", f"text LIKE '%{MARKER}%'", "--json").output)
    assert len(done["retracted"]) == 1
    assert {each["table"] for each in done["tables"] if each["rows"]} >= {"documents", "tokens", "sequences_causal"}
    erased = json.loads(succeed("maintain", uri, "--erase", "--json").output)
    assert sum(each["files_deleted"] for each in erased["tables"]) > 0
    assert objects_with(folder, MARKER) == []
    notes.write_text("".join(json.dumps({"text": line}) + "\n" for line in [text("mill"), *lines]))
    succeed("run", config)
    texts = Lake(uri).read_here("clean_documents", ["text"])["text"].to_pylist()
    assert sorted(each[:8] for each in texts) == ["The ferr", "The harb", "The mill"]
    assert tokenlake("check", uri).status == 0
