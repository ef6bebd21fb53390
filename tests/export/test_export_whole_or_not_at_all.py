"""An export is there whole or not at all, and says what it was made of."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_tables import causal, lake_of, packed, token_format

from jobs import cli
from jobs.arguments import export as arguments_of_export
from jobs.export.destination import destination
from jobs.export.errors import ExportError, UnfitExportError
from jobs.export.export import FORMATS, Request, export
from jobs.export.source import Source
from jobs.progress import Reporter
from lake.lake import Lake
from pipelines.errors import MissingPathError
from pipelines.sequences.config import PackConfig
from pipelines.tables import sequences

EARLIER, LATER = {"a": [5, 6]}, {"a": [5, 6], "b": [7, 8, 9]}


@pytest.fixture
def two_versions(tmp_path):
    """A lake whose table has two versions, with rows of other lengths."""
    for documents, length in ((EARLIER, 4), (LATER, 8)):
        table = sequences("causal", token_format().of_rows(length))
        found = lake_of(tmp_path / "lake", packed(documents, PackConfig(length=length)), table)
    return found


@pytest.mark.parametrize("kind", FORMATS)
def test_the_manifest_tells_lineage_rows_tokens_and_every_file(lake, tmp_path, kind):
    made = export(Source.open(Lake(lake), "sequences_causal", None), Request(kind, str(tmp_path / "out")))
    manifest = json.loads((tmp_path / "out" / "export.json").read_text())
    assert manifest == made.manifest
    assert manifest["format"] == kind
    origin = manifest["source"]
    assert (origin["lake"], origin["table"], origin["version"]) == (lake, "sequences_causal", 0)
    assert origin["sequences"]["length"] == "128"
    assert manifest["rows"] == Lake(lake).rows("sequences_causal")
    described = {name: size for part in manifest["parts"] for name, size in part["files"].items()}
    found = {
        str(path.relative_to(tmp_path / "out")): path.stat().st_size
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    beside = {"export.json", "tokenizer.json", "README.md"}
    assert {name: size for name, size in found.items() if name not in beside} == described


def test_the_tokenizer_of_the_ids_lies_beside_them(lake, tmp_path):
    source = Source.open(Lake(lake), "tokens", None)
    export(source, Request("mds", str(tmp_path / "out")))
    assert (tmp_path / "out" / "tokenizer.json").read_text() == source.tokenizer.json


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_version_gives_the_same_bytes(lake, tmp_path, kind):
    source = Source.open(Lake(lake), "sequences_causal", None)
    for name in ("one", "two"):
        export(source, Request(kind, str(tmp_path / name)))
    one, two = (
        {str(path.relative_to(tmp_path / name)): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two


@pytest.mark.parametrize("inside", ["out", "sequences_causal/out"])
def test_a_place_in_the_lake_is_refused(lake, inside):
    with pytest.raises(UnfitExportError, match="lies in the lake, whose upkeep deletes files"):
        export(Source.open(Lake(lake), "sequences_causal", None), Request("parquet", f"{lake}/{inside}"))
    assert not Path(lake, inside).exists()


def test_a_place_that_is_taken_is_refused_and_stays(lake, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    with pytest.raises(UnfitExportError, match="out: exists already; delete it, or name another place"):
        export(Source.open(Lake(lake), "tokens", None), Request("mds", str(tmp_path / "out")))
    assert (tmp_path / "out" / "mine").read_text() == "x"


def test_a_failure_leaves_neither_the_place_nor_what_was_written(tmp_path):
    with pytest.raises(ZeroDivisionError), destination(str(tmp_path / "out")) as to:  # noqa: PT012
        to.storage.write_text("part/file", "x")
        assert list(tmp_path.iterdir()) != []
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_killed_leaves_no_export(tmp_path):
    program = (
        "import os, sys; from jobs.export.destination import destination\n"
        "with destination(sys.argv[1]) as to:\n"
        "    to.storage.write_text('part', 'x'); os.kill(os.getpid(), 9)\n"
    )
    project = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", program, str(tmp_path / "out")]
    subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": project})
    [left] = tmp_path.iterdir()
    assert left.name.startswith(".out.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_interrupted_leaves_nothing(tmp_path, number):
    program = (
        "import os, sys, time; from jobs import interruption; from jobs.export.destination import destination\n"
        "interruption.watch()\n"
        "with destination(sys.argv[1]) as to:\n"
        "    to.storage.write_text('part', 'x'); os.kill(os.getpid(), int(sys.argv[2])); time.sleep(60)\n"
    )
    project = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", program, str(tmp_path / "out"), str(int(number))]
    done = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": project}, stderr=subprocess.PIPE)
    assert done.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_made_is_one_line(lake, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"file/out: Not a directory; nothing of the export was left"):
        export(Source.open(Lake(lake), "tokens", None), Request("mds", str(tmp_path / "file" / "out")))


def test_an_earlier_version_is_exported_as_it_describes_itself(two_versions, tmp_path):
    for version, length in ((0, "4"), (1, "8"), (None, "8")):
        source = Source.open(two_versions, "sequences_causal", version)
        made = export(source, Request("mds", str(tmp_path / f"out{version}")))
        assert made.manifest["source"]["sequences"]["length"] == length
        assert made.manifest["tokens"] == {"4": 3, "8": 7}[length]


def test_a_version_that_is_not_there_is_named(two_versions):
    with pytest.raises(MissingPathError, match="sequences_causal has no version 7 that can be read; its newest is 1"):
        Source.open(two_versions, "sequences_causal", 7)


def test_a_table_that_is_not_there_is_named(two_versions):
    with pytest.raises(MissingPathError, match="no table tokens; `tokenlake tables"):
        Source.open(two_versions, "tokens", None)


def test_a_data_file_that_upkeep_deleted_is_named_with_what_to_do(two_versions, tmp_path):
    source = Source.open(two_versions, "sequences_causal", 0)
    for file in source.files:
        (tmp_path / "lake" / "sequences_causal" / file.path).unlink()
    with pytest.raises(ExportError, match=r"version 0: the data file split=train/part-.* is gone; .*tokenlake pin"):
        export(source, Request("parquet", str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_a_row_that_does_not_fit_the_properties_is_named(tmp_path):
    rows = packed({"a": [5, 6]}, PackConfig(length=4))
    table = sequences("causal", token_format().of_rows(8))
    source = Source.open(lake_of(tmp_path / "lake", rows, table), "sequences_causal", None)
    for kind in FORMATS:
        with pytest.raises(ExportError, match=f"row {rows['sequence_id'][0]}: ids is not 16 bytes long"):
            export(source, Request(kind, str(tmp_path / "out")))


def test_a_split_that_is_not_there_is_named_with_those_that_are(tmp_path):
    source = causal(tmp_path / "lake", EARLIER, PackConfig(length=4))
    with pytest.raises(UnfitExportError, match="no split validation; its splits are train"):
        export(source, Request("mds", str(tmp_path / "out"), ["validation"]))


def test_the_command_prints_rows_and_tokens_of_each_split(lake, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert cli.main(["export", lake, "sequences_causal", "--format", "mds", out, "--split", "train"]) == 0
    said = capsys.readouterr().out
    manifest = json.loads((tmp_path / "out" / "export.json").read_text())
    assert f"sequences_causal version 0 -> {out} (mds)" in said
    assert f"{manifest['rows']:,}" in said
    assert f"{manifest['tokens']:,}" in said
    assert "heldout" not in said


def test_the_command_prints_the_manifest(lake, tmp_path, capsys):
    assert cli.main(["export", lake, "tokens", "--format", "parquet", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "out" / "export.json").read_text())


def test_the_formats_of_the_command_are_those_that_can_be_written():
    assert arguments_of_export.FORMATS == FORMATS


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("kind", FORMATS)
def test_a_terminal_sees_all_rows_pass(lake, tmp_path, kind):
    screen = Terminal()
    source = Source.open(Lake(lake), "sequences_causal", None)
    total, done = source.rows(), []
    with Reporter(stream=screen).counted("export sequences_causal", "rows", total) as advance:
        export(source, Request(kind, str(tmp_path / "out")), lambda rows: (done.append(rows), advance(rows)))
    assert sum(done) == total
    assert f"/{total:,} rows" in screen.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tokens", "--format", "megatron", "--columns", "ids"], "leave out --columns"),
        (["tokens", "--format", "mds", "--as-lists"], "--as-lists is of --format parquet and arrow"),
        (["nothing", "--format", "mds"], "no table nothing"),
        (["clean_documents", "--format", "mds"], "takes a table of sequences, tokens or pair_tokens"),
    ],
)
def test_misuse_is_status_2_and_one_line(lake, tmp_path, capsys, arguments, message):
    table, *options = arguments
    assert cli.main(["export", lake, table, str(tmp_path / "out"), *options]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
