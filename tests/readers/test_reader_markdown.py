import time
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


def nested_merges(levels: int) -> str:
    """Each mapping merges the one before it nine times."""
    lines = ["a0: &a0 {title: x}"]
    for level in range(1, levels):
        lines += [f"a{level}: &a{level}", f"  <<: [{', '.join([f'*a{level - 1}'] * 9)}]", f"  k{level}: v"]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "values",
    [nested_merges(9), nested_merges(60), "a: &a\n  <<: *a\n", "a: &a {b: &b {<<: *a}, <<: *b}"],
    ids=["nine levels", "sixty levels", "of itself", "in a circle"],
)
def test_merge_keys_without_bound_stay_in_the_text_and_meta_says_so(read_bytes, values):
    content = f"---\n{values}\n---\nThe text.\n"
    started = time.process_time()
    (document,) = read_bytes(content.encode(), "a.md").documents
    assert document.text == content
    assert document.meta == {"front_matter": "left in the text: its merge keys multiply without bound"}
    assert time.process_time() - started < 5


def test_merge_keys_are_read(read_bytes):
    content = b"---\nbase: &base {a: 1, b: 2}\n<<: *base\ntitle: x\n---\ntext"
    assert read_bytes(content, "a.md").documents[0].meta == {"a": "1", "b": "2", "title": "x"}


def test_a_long_text_that_aliases_repeat_is_left_out(read_bytes):
    content = f"---\ntitle: x\nlong: &a {'word ' * 1000}\nmany: [{', '.join(['*a'] * 10_000)}]\n---\ntext"
    assert set(read_bytes(content.encode(), "a.md").documents[0].meta) == {"title", "long"}


@pytest.mark.parametrize(
    "value",
    [
        "!!timestamp soon",
        "!!bool perhaps",
        "!!int ''",
        "!!int '_'",
        "!!float ''",
        "!!omap [a]",
        ":".join(["1"] * 20_000),
    ],
)
def test_values_that_are_not_of_their_type_leave_the_front_matter_in_the_text(read_bytes, value):
    content = f"---\na: {value}\n---\ntext"
    assert read_bytes(content.encode(), "a.md").texts == [content]


def test_pairs_of_pairs_do_not_explode():
    bomb = "a: &a !!pairs [x: y]\n"
    for before, name in pairwise("abcdefghijklm"):
        bomb += f"{name}: &{name} !!pairs [{','.join([f'x: *{before}'] * 9)}]\n"
    assert front_matter(f"---\n{bomb}---\ntext") == ("text", {})


def test_a_file_of_front_matter_alone_is_empty(read_bytes):
    assert read_bytes(b"---\ntitle: x\n---\n", "a.md").reasons == ["empty"]
