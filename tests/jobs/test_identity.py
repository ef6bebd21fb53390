"""What a second run does with files that it knows, that changed, moved, grew or are gone.

The rules are in docs/explanation/identity.md.
"""

import shutil

import corpus
import pytest
from delivered import Repeated, line, text

from pipelines.readers import spark as readers
from pipelines.readers.finding import SourceError

NOTHING: set[str] = set()


@pytest.fixture
def again(engine, tmp_path) -> Repeated:
    return Repeated(engine, tmp_path)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in" / "texts"
    made.mkdir(parents=True)
    for topic in ("ferry", "harbour", "lighthouse"):
        (made / f"{topic}.md").write_text(text(topic))
    return made


def packed_as_tokenized(again: Repeated) -> bool:
    """Whether all sequences hold the tokens of all documents, and nothing else."""
    tokens = again.tokens()
    return all(
        {doc_id: ids[:-1] for doc_id, ids in again.packed_documents(table).items()} == tokens
        for table in ("sequences_causal", "sequences_chunks")
    )


def test_nothing_new_commits_nothing(again, folder):
    source = {"name": "texts", "path": str(folder)}
    assert "documents" in again.run(source)
    assert again.run(source) == NOTHING


def test_a_moved_folder_is_known(again, folder, tmp_path):
    again.run({"name": "texts", "path": str(folder)})
    moved = folder.rename(tmp_path / "elsewhere")
    assert again.run({"name": "texts", "path": str(moved)}) == NOTHING
    (moved / "storm.md").write_text(text("storm"))
    assert again.run({"name": "texts", "path": str(moved)}) > {"documents", "tokens"}
    assert sorted(again.documents()) == ["ferry.md", "harbour.md", "lighthouse.md", "storm.md"]


def test_a_copied_folder_is_known_although_its_times_of_change_are_new(again, folder, tmp_path):
    again.run({"name": "texts", "path": str(folder)})
    copied = shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copy)
    assert again.run({"name": "texts", "path": str(copied)}) == NOTHING


def test_another_folder_of_a_source_s_name_is_refused_before_anything_is_written(again, folder, tmp_path):
    again.run({"name": "texts", "path": str(folder)})
    before = again.versions()
    before.pop("runs")
    other = shutil.copytree(folder, tmp_path / "other")
    (other / "ferry.md").write_text(text("ferryman"))
    with pytest.raises(SourceError, match=r"another folder \(ferry.md is another file there\)"):
        again.run({"name": "texts", "path": str(other)})
    assert {name: version for name, version in again.versions().items() if name != "runs"} == before
    assert again.run({"name": "texts", "path": str(folder)}) == NOTHING
    again.run({"name": "other", "path": str(other)})
    assert text("ferryman") in again.clean_texts()


@pytest.mark.parametrize("narrower", ["sub", "sub/*.md"])
def test_a_narrower_or_wider_path_renames_no_file(again, folder, narrower):
    (folder / "sub").mkdir()
    (folder / "sub" / "quay.md").write_text(text("quay"))
    again.run({"name": "texts", "path": str(folder), "on_delete": "keep"})
    assert again.run({"name": "texts", "path": f"{folder}/{narrower}", "on_delete": "keep"}) == NOTHING
    assert again.run({"name": "texts", "path": str(folder.parent), "on_delete": "keep"}) == NOTHING


def test_a_wider_path_brings_the_files_beside_those_that_were_there(again, folder):
    again.run({"name": "texts", "path": str(folder)})
    (folder.parent / "more").mkdir()
    (folder.parent / "more" / "quay.md").write_text(text("quay"))
    (folder.parent / ".hidden").mkdir()
    (folder.parent / ".hidden" / "secret.md").write_text(text("secret"))
    again.run({"name": "texts", "path": str(folder.parent)})
    assert sorted(again.documents()) == ["../more/quay.md", "ferry.md", "harbour.md", "lighthouse.md"]
    assert again.run({"name": "texts", "path": str(folder.parent)}) == NOTHING


def test_a_file_that_grew_brings_its_new_records_only(again, folder):
    log = folder / "log.jsonl"
    source = {"name": "log", "path": str(log)}
    lines = [line(text(topic)) for topic in ("rope", "sail", "mast")]
    log.write_text("\n".join(lines[:2]) + "\n")
    again.run(source)
    first = {row.doc_id: row.run_id for row in again.lake.read("documents").collect()}
    with log.open("a") as stream:
        stream.write(lines[2] + "\n")
    assert again.run(source) > {"documents", "tokens"}
    rows = again.lake.read("documents").collect()
    assert {row.doc_id: row.run_id for row in rows}.items() > first.items()
    assert len(rows) == 3
    assert again.lake.read("rejects").count() == 0
    [row] = again.lake.read("inputs").collect()
    assert (row.rows_read, row.documents, row.known, row.kept) == (3, 3, 2, 0)
    assert again.run(source) == NOTHING


def test_a_corrected_file_replaces_its_text_down_to_the_sequences(again, folder):
    source = {"name": "texts", "path": str(folder)}
    again.run(source)
    (folder / "ferry.md").write_text(text("ferry").replace("seen", "SEEN"))
    again.run(source)
    assert again.clean_texts() == sorted([text("ferry").replace("seen", "SEEN"), text("harbour"), text("lighthouse")])
    assert len(again.tokens()) == 3
    assert packed_as_tokenized(again)


def test_a_deleted_file_leaves_every_table(again, folder):
    source = {"name": "texts", "path": str(folder)}
    again.run(source)
    [gone] = again.lake.read("documents").where("path = 'ferry.md'").select("doc_id").collect()
    (folder / "ferry.md").unlink()
    again.run(source)
    for table in ("documents", "measures", "decisions", "signatures", "clean_documents", "tokens"):
        assert again.lake.read(table).where(f"doc_id = '{gone.doc_id}'").count() == 0
    assert again.clean_texts() == sorted([text("harbour"), text("lighthouse")])
    assert packed_as_tokenized(again)
    assert again.run(source) == NOTHING


def test_what_a_source_keeps_stays(again, folder):
    source = {"name": "texts", "path": str(folder), "on_change": "keep", "on_delete": "keep"}
    again.run(source)
    (folder / "ferry.md").write_text(text("ferryman"))
    (folder / "harbour.md").unlink()
    again.run(source)
    expected = [text(topic) for topic in ("ferry", "ferryman", "harbour", "lighthouse")]
    assert again.clean_texts() == sorted(expected)
    assert packed_as_tokenized(again)
    assert again.run(source) == NOTHING


def test_a_duplicate_takes_the_place_of_a_deleted_original(again, folder):
    source = {"name": "texts", "path": str(folder)}
    again.run(source)
    prose = corpus.prose(7)
    (folder / "storm.md").write_text(text("ferry"))
    (folder / "near.md").write_text(prose)
    (folder / "nearer.md").write_text(prose + " And so on.")
    again.run(source)
    assert again.lake.read("duplicates").where("NOT kept").count() == 2
    for name in ("ferry.md", "nearer.md"):  # the longer one of the near copies was kept
        (folder / name).unlink()
    again.run(source)
    assert again.clean_texts() == sorted([prose, *(text(topic) for topic in ("ferry", "harbour", "lighthouse"))])
    assert again.lake.read("duplicates").where("NOT kept").count() == 0
    assert packed_as_tokenized(again)


def test_a_file_that_changes_back_has_its_first_text_again(again, folder):
    source = {"name": "texts", "path": str(folder)}
    again.run(source)
    for content in ("ferryman", "ferry"):
        (folder / "ferry.md").write_text(text(content))
        again.run(source)
        assert text(content) in again.clean_texts()
        assert len(again.clean_texts()) == 3
    assert packed_as_tokenized(again)


def test_several_changes_between_two_runs_of_the_later_stages_are_one(again, folder, engine):
    from jobs.pipeline import run_stages
    from jobs.progress import Reporter

    source = {"name": "texts", "path": str(folder)}
    again.run(source)
    for content in ("ferryman", "ferry"):
        (folder / "ferry.md").write_text(text(content))
        run_stages(engine, again.config(source), Reporter(), ["ingest"])
    (folder / "quay.md").write_text(text("quay"))
    again.run(source)
    assert again.clean_texts() == sorted(text(topic) for topic in ("ferry", "harbour", "lighthouse", "quay"))
    assert packed_as_tokenized(again)


def test_a_record_whose_other_fields_changed_is_read_again(again, folder):
    log = folder / "log.jsonl"
    source = {"name": "log", "path": str(log), "meta_columns": ["stars"]}
    log.write_text(line(text("rope"), stars="3") + "\n" + line(text("sail"), stars="4") + "\n")
    again.run(source)
    log.write_text(line(text("rope"), stars="5") + "\n" + line(text("sail"), stars="4") + "\n")
    again.run(source)
    rows = again.lake.read("documents").orderBy("position").collect()
    assert [dict(row.meta)["stars"] for row in rows] == ["5", "4"]
    assert packed_as_tokenized(again)


def test_a_setting_that_changes_how_a_file_is_read_reads_it_again(again, folder):
    (folder / "posts.csv").write_text(f'id,content\n1,"{text("rope")}"\n2,"{text("sail")}"\n')
    source = {"name": "texts", "path": str(folder)}
    again.run(source)
    assert [row.reason for row in again.lake.read("rejects").collect()] == ["missing_text"]
    again.run({**source, "text_column": "content"})
    assert again.documents()["posts.csv"] == [text("rope"), text("sail")]
    assert again.lake.read("rejects").count() == 0
    assert again.lake.read("documents").groupBy("run_id").count().count() == 2


def test_the_lake_itself_is_never_input(engine, folder):
    inside = Repeated(engine, folder)
    source = {"name": "texts", "path": str(folder)}
    inside.run(source)
    assert inside.run(source) == NOTHING
    assert sorted(inside.documents()) == ["ferry.md", "harbour.md", "lighthouse.md"]
    with pytest.raises(SourceError, match="lies in the lake"):
        inside.run({"name": "report", "path": f"{folder}/lake/report"})


def test_a_file_that_could_not_be_read_is_tried_again(again, folder):
    source = {"name": "texts", "path": str(folder)}
    target = folder.parent / "later.md"
    (folder / "link.md").symlink_to(target)
    again.run(source)
    assert [row.reason for row in again.lake.read("rejects").collect()] == ["unreadable"]
    assert again.run(source) == NOTHING
    target.write_text(text("rope"))
    again.run(source)
    assert again.lake.read("rejects").count() == 0
    assert text("rope") in again.clean_texts()
    target.unlink()
    again.run(source)
    assert text("rope") in again.clean_texts()
    assert [row.reason for row in again.lake.read("rejects").collect()] == ["unreadable"]


def test_more_files_gone_than_the_limit_stops_the_run(again, folder):
    source = {"name": "texts", "path": str(folder)}
    for number in range(150):
        (folder / f"{number:03}.md").write_text(text(f"wave {number}"))
    again.run(source)
    before = again.versions()
    before.pop("runs")
    for number in range(140):
        (folder / f"{number:03}.md").unlink()
    with pytest.raises(SourceError, match=r"140 of 153 files are gone, such as 000.md"):
        again.run(source)
    assert {name: version for name, version in again.versions().items() if name != "runs"} == before
    again.run(source, ingest={"delete_limit": 1})
    assert len(again.documents()) == 13


def test_a_file_that_changes_while_it_is_read_keeps_its_documents_until_it_can_be_read(again, folder, monkeypatch):
    source = {"name": "texts", "path": str(folder)}
    again.run(source)
    ferry = folder / "ferry.md"
    ferry.write_text(text("ferryman"))
    list_inputs = readers.list_inputs

    def list_and_write(*arguments, **options):
        listed = list_inputs(*arguments, **options)
        with ferry.open("a") as stream:
            stream.write(" More of it.")
        return listed

    with monkeypatch.context() as patch:
        patch.setattr(readers, "list_inputs", list_and_write)
        again.run(source, ingest={"reject_limit": 1})
    [row] = again.lake.read("inputs").where("path = 'ferry.md'").collect()
    assert (row.rows_read, row.rejects, row.documents, row.kept, row.retry) == (1, 1, 1, 1, True)
    assert text("ferry") in again.clean_texts()
    again.run(source)
    assert again.lake.read("rejects").count() == 0
    assert text("ferryman") + " More of it." in again.clean_texts()
    assert text("ferry") not in again.clean_texts()
    assert again.run(source) == NOTHING
