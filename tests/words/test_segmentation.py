"""Words of scripts without spaces, by ICU's dictionaries."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from icu4py.breakers import WordBreaker
from prose import prose
from tricky_text import texts

from pipelines.kernels.batch import TextBatch
from pipelines.words.interning import LONGEST_CHUNK
from pipelines.words.methods import SEGMENTED
from pipelines.words.scripts import are_unspaced, find_runs
from pipelines.words.segmentation import segment
from pipelines.words.splitter import word_splitter

GOLDEN = yaml.safe_load(Path(__file__).with_name("segmented.yaml").read_text("utf-8"))

LETTERS = ["中文", "日本語の", "ภาษาไทย", "ខ្មែរ", "ລາວ", "မြန်မာ", "𠮷", "ー"]
PIECES = [*LETTERS, "\u200b", " ", "\n", "。", "2024年", "CPU", "é", "😀", "한국"]
mixed = texts | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def words(text: str, language: str) -> list[str]:
    found = word_splitter(language)([text])
    return [found.vocabulary.strings[word] for word in found.ids]


@pytest.mark.parametrize("language", GOLDEN)
def test_prose_is_cut_into_the_words_of_the_dictionary(language):
    expected = GOLDEN[language].split("|")
    assert words(prose()[language], language)[: len(expected)] == expected


def test_cantonese_is_cut_by_the_dictionary_of_chinese():
    expected = "廣東話|係|一種|喺|廣東|同|香港|講|嘅|語言|。"
    assert "|".join(words("廣東話係一種喺廣東同香港講嘅語言。", "yue")) == expected


def test_what_stands_between_such_scripts_is_cut_by_the_rules_for_any_language():
    text = "CPU使用率は50%です。“你好”（世界），U.S.A. 2024年！กรุงเทพฯ 1,500 บาท"
    expected = "CPU|使用|率|は|50|%|です|。|“|你好|”|（|世界|）|，|U.S.A.|2024|年|！|กรุงเทพฯ|1,500|บาท"
    assert "|".join(words(text, "ja")) == expected


def test_a_zero_width_space_separates_words_and_is_none():
    assert words("ភាសា\u200bខ្មែរ", "km") == ["ភាសា", "ខ្មែរ"]
    assert words("a\u200bb", "km") == ["a\u200bb"]


def test_characters_beyond_the_basic_plane_shift_no_word():
    assert "|".join(words("𠮷野家で𠮷田さんは食べた。", "ja")) == "𠮷|野家|で|𠮷|田|さん|は|食|べた|。"


@pytest.mark.parametrize("language", ["en", "ko", "vi"])
def test_pages_in_other_languages_keep_their_own_rules(language):
    assert "北京大学" in words("We met at 北京大学 today", language)


@given(text=mixed)
def test_words_cover_a_text_but_for_its_spaces(text):
    assert "".join(words(text, "zh")).replace("\u200b", "") == "".join(text.split()).replace("\u200b", "")


@given(parts=st.lists(mixed, max_size=5))
def test_words_do_not_depend_on_the_other_texts(parts):
    together = word_splitter("zh")(parts)
    found = np.split(together.ids, together.offsets[1:-1]) if parts else []
    strings = together.vocabulary.strings
    assert [[strings[word] for word in ids] for ids in found] == [words(part, "zh") for part in parts]


@given(text=mixed)
def test_a_run_is_in_one_kind_of_script(text):
    batch = TextBatch.from_strings([text])
    begins, ends, offsets = find_runs(batch.data, batch.begins, batch.ends, LONGEST_CHUNK)
    runs = TextBatch(batch.data, begins, ends)
    assert offsets.tolist() == [0, len(runs)]
    for run, unspaced in zip(runs.strings(), are_unspaced(runs), strict=True):
        assert run.split() == [run]
        assert set(are_unspaced(TextBatch.from_strings(list(run)))) == {unspaced}


def test_a_long_run_is_cut_as_long_chunks_are():
    assert max(map(len, words("の" * 2500, "ja"))) <= LONGEST_CHUNK


@given(runs=st.lists(st.lists(st.sampled_from(LETTERS), min_size=1, max_size=9).map("".join), max_size=6))
def test_each_run_has_the_words_that_icu_finds_in_it_alone(runs):
    found = segment(TextBatch.from_strings(runs))
    assert found.words.strings() == [word for run in runs for word in WordBreaker(run, "root")]
    assert found.counts.tolist() == [len(list(WordBreaker(run, "root"))) for run in runs]


def test_no_runs_have_no_words():
    assert len(segment(TextBatch.from_strings([])).words) == 0


@pytest.mark.parametrize("language", SEGMENTED)
def test_languages_with_a_segmenter_share_one_splitter(language):
    assert word_splitter(language) is word_splitter("zh")
