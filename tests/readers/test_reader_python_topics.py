import pydoc_data.topics
from pathlib import Path

import pytest


def test_each_topic_is_a_document(read_bytes):
    content = b"# comment\ntopics = {'if': 'The \"if\" statement\\n'\n  'is \\xe9.', 'for': 'loop'}\n"
    reading = read_bytes(content, "topics.py", format="python_topics")
    assert [(d.position, d.text, d.meta) for d in reading.documents] == [
        (content.index(b"'if'"), 'The "if" statement\nis é.', {"id": "if"}),
        (content.index(b"'for'"), "loop", {"id": "for"}),
    ]


def test_the_interpreters_own_topics_are_all_read(read_bytes):
    content = Path(pydoc_data.topics.__file__).read_bytes()
    reading = read_bytes(content, "topics.py", format="python_topics")
    assert {d.meta["id"]: d.text for d in reading.documents} == pydoc_data.topics.topics


@pytest.mark.parametrize(
    "content",
    [
        b"topics = ",
        b"other = {}",
        b"topics = {}",
        b"topics = dict(a='b')",
        b"\0",
        b"(" * 5000,
        b"topics = {'a': 'b'}\n =",
    ],
)
def test_a_file_without_topics_is_one_reject(read_bytes, content):
    assert read_bytes(content, "topics.py", format="python_topics").reasons == ["malformed_record"]


def test_the_file_is_not_run(read_bytes, tmp_path):
    trap = tmp_path / "trap"
    content = f"topics = {{'a': open({str(trap)!r}, 'w').name, 'b': 'good', 'c': 3, **{{}}}}".encode()
    reading = read_bytes(content, "topics.py", format="python_topics")
    assert not trap.exists()
    assert reading.texts == ["good"]
    assert reading.reasons == ["malformed_record", "missing_text", "missing_text"]
