from itertools import pairwise

import pytest

from pipelines.readers.markdown import front_matter


def test_text_is_as_it_is_and_front_matter_is_meta(read_bytes):
    content = b"---\ntitle: On cats\ntags: [a, b]\ndate: 2024-05-01\ndraft: false\n---\n# Cats\n\n* one\n"
    (document,) = read_bytes(content, "a.md").documents
    assert document.text == "# Cats\n\n* one\n"
    assert document.meta == {"title": "On cats", "tags": "a, b", "date": "2024-05-01", "draft": "False"}


@pytest.mark.parametrize(
    "text",
    [
        "# Heading\n\n---\n\nA rule is no front matter.\n",
        "---\njust a line\n---\ntext",
        "---\n: [broken\n---\ntext",
        "---\ntitle: never closed\n",
        "---\n- a list\n---\ntext",
        "---\n" + "[" * 3000 + "\n---\ntext",
    ],
)
def test_what_is_no_front_matter_stays_in_the_text(text):
    assert front_matter(text) == (text, {})


def test_repeated_aliases_do_not_explode():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for before, name in pairwise("abcdefghi"):
        bomb += f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    _, meta = front_matter(f"---\n{bomb}---\ntext")
    assert meta == {"a": "x, x, x, x, x, x, x, x, x"}


def test_a_file_of_front_matter_alone_is_empty(read_bytes):
    assert read_bytes(b"---\ntitle: x\n---\n", "a.md").reasons == ["empty"]
