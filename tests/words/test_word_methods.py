"""What a run says of how words were found."""

from pipelines.words.methods import SEGMENTED, described, segmenter, word_methods
from pipelines.words.splitter import word_splitter


def test_languages_that_write_spaces_between_words_are_not_mentioned():
    assert word_methods(["en", "de", "ar", "hi", "und"]) == {}


def test_languages_with_one_method_are_told_together():
    assert described(word_methods(["zh", "en", "ja"])) == f"ja, zh by the dictionaries of {segmenter()}"


def test_a_language_without_a_segmenter_is_told_apart():
    assert described(word_methods(["ko", "zh"])).startswith("ko cut at spaces: ")


def test_languages_said_to_be_segmented_share_the_splitter_that_segments_and_no_others_do():
    segmenting = word_splitter("zh")
    assert all(word_splitter(language) is segmenting for language in SEGMENTED)
    assert all(word_splitter(language) is not segmenting for language in ("ko", "bo", "vi", "en"))


def test_the_segmenter_has_a_name_and_a_version():
    library, version = segmenter().split()
    assert library == "ICU"
    assert version.replace(".", "").isdigit()
