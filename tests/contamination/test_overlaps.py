"""Which words texts and benchmarks have in common, and what is removed."""

import naive_overlaps
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contamination.benchmarks import Benchmark
from pipelines.contamination.index import Index
from pipelines.contamination.search import Overlap, overlaps, removal
from pipelines.contamination.words import placed_words, word_hashes
from pipelines.kernels.batch import TextBatch

ITEM = "What is the capital of France, and on which river does the city lie today?"  # 15 words


def index(*benchmarks, n=13, shortest=8):
    """Of benchmarks given as lists of items; an item is a text, or a list of texts."""
    made = []
    for number, items in enumerate(benchmarks):
        listed = [[item] if isinstance(item, str) else item for item in items]
        texts = [text for item in listed for text in item]
        owners = [place for place, item in enumerate(listed) for _ in item]
        made.append(Benchmark(f"b{number}", texts, np.array(owners, np.int64), len(listed)))
    return Index.build(made, n, shortest)


def found(text, *benchmarks, **sizes):
    return overlaps(TextBatch.from_strings([text]), index(*benchmarks, **sizes).lookup()).get(0, [])


def matched(text, *benchmarks, **sizes):
    return [text[each.start : each.end] for each in found(text, *benchmarks, **sizes)]


def test_the_words_of_an_item_are_found_inside_a_text():
    text = f"A quiz. {ITEM} Paris."
    assert found(text, ["another item", ITEM]) == [Overlap(0, 1, 8, 8 + len(ITEM) - 1, 3)]


def test_case_punctuation_accents_and_spaces_make_no_difference():
    text = "WHAT — is   thé capital of “France” and\non: which river; does the city lie today"
    assert matched(text, [ITEM]) == [text]


def test_accents_make_no_difference_however_they_are_written():
    item = "le café où les élèves mangent n'est pas très loin de l'école"
    assert matched(item.replace("é", "e\u0301"), [item]) == [item.replace("é", "e\u0301")]


def test_numbers_make_a_difference():
    item = "If Anna has 3 apples and buys 4 more apples how many apples has she then"
    assert matched(item, [item]) == [item]
    assert matched(item.replace("3", "5").replace("4", "6"), [item], n=8) == [
        "more apples how many apples has she then"
    ]


def test_twelve_words_in_common_are_too_few():
    twelve = " ".join(ITEM.split()[:12])
    assert matched(twelve + " something else entirely", [ITEM]) == []
    assert matched(twelve, [ITEM], n=12) == [twelve]


def test_a_short_item_is_looked_for_as_a_whole():
    short = "Name the largest moon of the planet Saturn."
    assert matched(f"Quiz: {short} Titan.", [short, ITEM]) == [short[:-1]]
    assert matched("Quiz: Name the largest moon of the planet Mars.", [short, ITEM]) == []


def test_an_item_that_is_too_short_is_not_looked_for_and_counted():
    made = index(["Yes.", "Who wrote it?", ITEM, ["No", ITEM]])
    assert [(each.name, each.items, each.too_short) for each in made.counts()] == [("b0", 4, 2)]
    assert matched("Yes. Who wrote it?", ["Yes.", "Who wrote it?"]) == []


def test_of_items_with_the_same_beginning_the_one_that_goes_on_counts():
    prompt = "Answer the following question with one of the four letters that stand below it: "
    items = [f"{prompt}{name} is what?" for name in ("Iron", "Gold", "Lead")]
    assert [each.item for each in found(items[1], items)] == [1]


def test_each_benchmark_has_its_own_overlaps():
    assert [(each.benchmark, each.item) for each in found(ITEM, ["x", ITEM], [ITEM])] == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    "item",
    [
        "下列哪一项不是中华人民共和国宪法规定的公民基本权利和基本义务的内容之一",
        "ประเทศไทยมีจังหวัดทั้งหมดกี่จังหวัดและจังหวัดใดมีพื้นที่มากที่สุดในประเทศ",
        "次のうち日本国憲法が定める国民の三大義務に含まれないものはどれか答えなさい",
    ],
    ids=["Chinese", "Thai", "Japanese"],
)
def test_scripts_without_spaces_are_compared_by_the_words_of_a_dictionary(item):
    text = f"abc。{item}。xyz"
    assert matched(text, [item]) == [item]
    assert matched(item[:8], [item]) == []


def test_the_index_holds_no_word_of_an_item():
    data = index([ITEM]).to_bytes()
    assert not any(word.encode() in data.lower() for word in ("capital", "france", "river"))
    assert Index.from_bytes(data).fingerprint() == index([ITEM]).fingerprint()
    assert Index.from_bytes(data).names == ("b0",)


def test_nothing_is_found_without_items_or_texts():
    assert matched(ITEM, []) == []
    assert matched("", [ITEM]) == []
    assert overlaps(TextBatch.from_strings([]), index([ITEM]).lookup()) == {}


def test_removal_takes_the_punctuation_with_it():
    text = f'He asked: "**{ITEM}**" Nobody knew.'
    removed = removal(text, found(text, [ITEM]), 0, 0)
    assert [text[start:end] for start, end in removed.spans] == [f'"**{ITEM}**"']
    assert removed.characters == len(ITEM) - 1
    assert removed.left == len("Heasked:Nobodyknew.")


def test_margins_and_short_pieces_go_too():
    text = f"Some words before. {ITEM} Between. {ITEM} Some words behind it."
    overlapping = found(text, [ITEM])
    assert len(removal(text, overlapping, 0, 0).spans) == 2
    assert len(removal(text, overlapping, 5, 0).spans) == 1
    assert removal(text, overlapping, 0, 12).spans == [(19, text.index(" Some words behind"))]
    assert removal(text, overlapping, 0, 30).spans == [(0, len(text))]
    assert removal(text, overlapping, 0, 30).left == 0


WORDS = st.sampled_from(["a", "B", "é", "Ж", "7", "don't"])
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", ", ", "\n", "-"])), max_size=30).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


@given(
    st.lists(TEXTS, max_size=4),
    st.lists(st.lists(st.lists(TEXTS, max_size=2), max_size=4), min_size=1, max_size=3),
    st.integers(2, 5),
    st.integers(1, 3),
)
def test_as_plain_python(texts, benchmarks, n, shortest):
    shortest = min(shortest, n)
    lookup = index(*benchmarks, n=n, shortest=shortest).lookup()
    together = overlaps(TextBatch.from_strings(texts), lookup)
    for number, text in enumerate(texts):
        rows = [(o.start, o.end, o.benchmark, o.item, o.n_grams) for o in together.get(number, [])]
        assert sorted(rows) == naive_overlaps.overlaps(text, benchmarks, n, shortest)


@given(st.text(alphabet="aÀ1 .\u0301漢字ไท\u200b\ufeff\n", max_size=60))
def test_words_are_apart_and_hashed_without_their_marks(text):
    batch = TextBatch.from_strings([text])
    words = placed_words(batch)
    assert (words.begins < words.ends).all()
    assert (words.begins[1:] >= words.ends[:-1]).all()
    assert len(word_hashes(batch, words)) == len(words.begins) == words.offsets[-1]
