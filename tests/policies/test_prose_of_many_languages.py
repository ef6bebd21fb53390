"""Policies for many languages keep good prose of each, whatever its script."""

import re
import zipfile

import pytest
from prose import prose
from rules.measuring import documents

from pipelines.language.identification import identify
from pipelines.policies.decide import reasons
from pipelines.policies.files import load
from pipelines.rules.config import MeasureConfig
from pipelines.rules.measures import measure

# Files of the UDHR in Unicode, by language. (Burmese is left out: that file is in an encoding from before Unicode 5.1,
# which shows as Burmese letters and reads as noise.)
UDHR = {
    "el": "Greek_Ellinika", "fa": "Farsi_Persian", "he": "Hebrew_Ivrit", "hi": "Hindi", "ja": "Japanese_Nihongo",
    "ko": "Korean_Hankuko", "lo": "Lao", "ru": "Russian_Russky", "tr": "Turkish_Turkce", "uk": "Ukrainian",
    "vi": "Vietnamese", "zh": "Chinese_Mandarin",
}  # fmt: skip
BETWEEN_HAN = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")  # that file has a blank between any two characters


def why_not(text: str, policy: str) -> tuple[str, list[str]]:
    """The language that the text is identified as, and why the policy drops it."""
    (language,), (score,) = identify([text])
    return language, failed(text, language, score, policy)


def failed(text: str, language: str, score: float, policy: str) -> list[str]:
    measures = measure(documents([text], language), MeasureConfig()).to_pylist()[0]
    return reasons(measures | {"language_score": score, "url_listed": None}, load(policy))


@pytest.mark.parametrize("policy", ["fineweb2", "gopher"])
@pytest.mark.parametrize("language", prose())
def test_good_prose_is_kept(language, policy):
    assert why_not(prose()[language], policy) == (language, [])


@pytest.mark.parametrize("policy", ["fineweb2", "gopher"])
@pytest.mark.parametrize("language", UDHR)
def test_the_declaration_of_human_rights_is_kept(language, policy, shared_data):
    with zipfile.ZipFile(shared_data / "udhr" / "udhr.zip") as files:
        text = files.read(f"udhr/{UDHR[language]}-UTF8").decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines()]  # blanks behind a full stop hide it from the published rule
    if language == "zh":
        lines = [BETWEEN_HAN.sub("", line) for line in lines]
    assert why_not("\n".join(filter(None, lines)), policy) == (language, [])


def test_spam_without_function_words_is_dropped_in_chinese_too():
    spam = "，".join(["免费下载", "优惠价格", "点击购买", "手机电脑", "耳机键盘", "鼠标音箱", "硬盘内存"] * 9) + "。"
    expected = {"gopher_quality.too_few_stop_words", "gopher_quality.below_alpha_threshold"}
    assert expected <= set(failed(spam, "zh", 1.0, "fineweb2"))


def test_lines_without_an_end_are_dropped_in_japanese_too():
    menu = "\n".join(
        f"{item}のページに移動する" for item in ("商品", "会社", "採用", "製品", "地図", "連絡", "更新") * 8
    )
    assert "fineweb.line_punct_ratio" in why_not(menu, "fineweb2")[1]
