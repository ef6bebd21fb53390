"""An error may refuse work; it never leaves a lake that cannot be run again."""

import json

import pytest
from delivered import Repeated, line, text


@pytest.fixture
def again(engine, tmp_path) -> Repeated:
    return Repeated(engine, tmp_path)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in" / "texts"
    made.mkdir(parents=True)
    (made / "ferry.md").write_text(text("ferry"))
    return made


def other_folder(folder):
    other = folder.parent / "other"
    other.mkdir()
    (other / "ferry.md").write_text(text("ferryman"))
    return {"path": str(other)}, {}


def no_such_path(folder):
    return {"path": str(folder / "absent")}, {}


def everything_excluded(folder):
    return {"exclude": ["*"]}, {}


def unknown_policy(folder):
    return {}, {"clean": {"policy": "no-such-policy"}}


def unknown_tokenizer(folder):
    return {}, {"tokenizer": {"load": str(folder / "absent.json")}}


def tokenizer_that_is_none(folder):
    (folder.parent / "broken.json").write_text(json.dumps({"model": {}}))
    return {}, {"tokenizer": {"load": str(folder.parent / "broken.json")}}


def separator_that_the_tokenizer_lacks(folder):
    return {}, {"pack": [{"length": 64, "separator": "<no such token>"}]}


def language_model_that_is_none(folder):
    (folder.parent / "model.ftz").write_bytes(b"no model")
    return {}, {"ingest": {"language_model": str(folder.parent / "model.ftz")}}


ERRORS = [
    other_folder,
    no_such_path,
    everything_excluded,
    unknown_policy,
    unknown_tokenizer,
    tokenizer_that_is_none,
    separator_that_the_tokenizer_lacks,
    language_model_that_is_none,
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
@pytest.mark.parametrize("lake", ["new", "with a first run"])
def test_the_corrected_command_succeeds_after_an_error(again, folder, error, lake):
    source = {"name": "texts", "path": str(folder)}
    if lake == "with a first run":
        again.run(source)
        (folder / "storm.md").write_text(text("storm"))
        (folder / "ferry.md").write_text(text("ferry").replace("seen", "SEEN"))
    elif error is other_folder:
        pytest.skip("needs a first run")
    mistakes, sections = error(folder)
    with pytest.raises(Exception, match=r".") as raised:
        again.run({**source, **mistakes}, **sections)
    assert not isinstance(raised.value, AssertionError | KeyError | AttributeError | TypeError)
    again.run(source)
    assert again.clean_texts() == sorted(path.read_text() for path in folder.iterdir())
    assert again.run(source) == set()


def test_a_run_without_any_text_is_continued_by_one_with_text(again, folder):
    (folder / "ferry.md").unlink()
    (folder / "posts.jsonl").write_text('{"body": "no text"}\n')
    source = {"name": "texts", "path": str(folder)}
    with pytest.raises(Exception, match="no text to train on"):
        again.run(source)
    with (folder / "posts.jsonl").open("a") as stream:
        stream.write(line(text("rope")) + "\n")
    again.run(source)
    assert again.clean_texts() == [text("rope")]
