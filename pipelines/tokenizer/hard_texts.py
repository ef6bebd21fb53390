"""Texts on which encoders are likely to differ, because splitting, normalising or matching special tokens is subtle.

Expressions differ in runs of white space, contractions, digits, combining marks and characters whose class changed
with a version of Unicode; implementations differ in long texts.
"""

from collections.abc import Sequence

_WHITE_SPACE = [
    "",
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    " a  b   c    d     ",
    "\n\n\na\n\n b \n c\n ",
    "a\r\nb\r\n\r\nc\rd \r\n e",
    "\t\tif x:\n\t\t\treturn\t\t# y\n\n\n",
    "a\u00a0b\u00a0\u00a0c\u2003d\u2028e\u2029f\u3000g\u3000\u3000h\u0085i\u200bj\ufeffk\u1680l\u202fm\u205fn",
    "\u00a0 \u00a0\n\u3000 a \u2003\n b\v\f\vc",
]
_CONTRACTIONS = [
    "I'm you're he's we've they'll I'd don't 's 't 're 've 'm 'll 'd",
    "I'M YOU'RE HE'S WE'VE THEY'LL I'D DON'T 'S 'T 'RE 'VE 'M 'LL 'D",
    "'sa 'sA 'lls ''s '''ll' '' ' 'stop a'b'c's'd'll'",
    "it’s they’re ‘quoted’ “said” ＇s ʼs",
    "s'ſ'S's",  # the long s is an s where case is folded
    "it'ſ IT'ſ'S'S's 'ſa a'ſ'ſ'll",
    "STRAßE ǅ ǆ İstanbul ıx K Å ﬁ ſ ẞ ΑΣ Σ ς",
    "camelCaseWords HTTPServer iPhone McDonald's ABCdef'll aB'S",
]
_DIGITS = [
    "0 1 12 123 1234 12345 123456 1234567 a1b22c333d4444e",
    "3.14159 1,234,567.89 -0.5e10 1e-9 0x7f 192.168.0.1 2024-02-29T12:34:56Z",
    "½²³¹ ①⑫ Ⅷ ١٢٣٤٥ ०१२३४ １２３４ 𝟘𝟙𝟚𝟛 〇一二三 12½",
]
_PUNCTUATION = [
    "(a)[b]{c}<d>\"e\" 'f' `g` ~h~ !i? @j #k $l %m ^n &o *p -q _r =s +t |u \\v /w :x ;y ,z .",
    "...!!!???---___===///\n//\n/a/\n*/ /* \n-- # \n##\n",
    "a_b __init__ a__b _ ‿ a‿b ﹏ c++ x<=3 y!=4 ==> -> => «» 「」 、。！？",
    "https://example.org/a?b=c&d=%20#e user@example.org C:\\dir\\file.txt",
    "€5 £6 ¥7 ₿8 ∑∫√∞≠ ←↑→↓ ░▒▓█ ♠♥ ☃ ™©®",
]
_SCRIPTS = [
    "千里之行，始于足下。学而时习之，不亦说乎？豈㐀𠀀",
    "日本語のテキストです。カタカナ、ひらがな・漢字ー々〆ヶ",
    "한국어 텍스트 각 각",
    "Съешь же ещё этих мягких булок Ελληνικά κείμενο",
    "نص عربي مُشَكَّل ﷺ עִבְרִית مع 123",
    "हिन्दी क्षत्रिय ภาษาไทยไม่มีช่องว่าง กำ ພາສາລາວ தமிழ் తెలుగు မြန်မာ",
    "English中文한국어русскийعربيeditor42です",
    "𝒳𝒴 𐍈𐌰 𞤀𞤁 𐐀𐐁 ꙮ ᏣᎳᎩ ⴰⵣⵓⵍ ⲁⲃ ꭰ Ა ა",
]
_MARKS = [
    "e\u0301 é e\u0301\u0302 a\u0323\u0307 a\u0307\u0323 \u0301 \u0301a  \u0301",
    "\u1100\u1161\u11a8 \uac01 \u212b \u2126 ́\u0344 \u0340 \u06e0\u07fd \u0308\u07fd",
    "Z͑ͫ̓a̴l̷g̵o̶ n\u0303\u0303 \u0e33\u0e4d か\u3099 \u20dd",
    "A\u030a1\u0301.\u0301 \u0301\n\u0301'\u0301s",
]
_EMOJI = [
    "🎉 👩‍👩‍👧‍👦👍🏽 🏳️‍🌈🇩🇪🇫🇷 ☝️ 1️⃣ #️⃣ ❤️‍🔥a🎉b 🎉🎉🎉",
    "\u200d \u200ca\u200db \ufe0f \U000e0067\U000e007f \U0001f9ff\U0001fae8",
]
_ODD = [
    "\x00 a\x00b \x00\x00 \x01\x02\x1b[0m\x7f\x80\x9f\xad",
    "\ue000 \uf8ff \U000f0000 \U00100000 \ufffd\ufffd \ufffe \uffff \U0010ffff \ufdd0",
    "\u0378 \u0870 \u1c89 \ua7cb \U0001e030 \U00010d40 \U000323af \u0897a",  # unassigned, or only lately assigned
    "\u202eabc\u202c \u2066x\u2069 \u2060 \u180e \u061c \u00ad",
    "".join(map(chr, range(0x20, 0x180))),  # what byte-level splitting spells bytes with
    "ĠĊĉ Ġa ▁ ▁a a▁b <0x0A> <0xFF> ## ##a </w> Ã© â€™",
    "a<0x00>b<0x41>c",  # byte fallback
    "a" * 300,
    "ab" * 3_000 + " " + "é" * 3_000 + " " * 3_000 + "x" + "\n" * 3_000 + "y" + "1" * 3_000 + "!" * 3_000,
    "汉" * 3_000 + "🎉" * 500,
    "a" * 70_000,
]
_LISTED = [*_WHITE_SPACE, *_CONTRACTIONS, *_DIGITS, *_PUNCTUATION, *_SCRIPTS, *_MARKS, *_EMOJI, *_ODD]
_SPECIAL = ["<|endoftext|>", "<|im_start|>", "</s>", "<s>", "<unk>", "<pad>", "[SEP]", "[UNK]", "<|eot_id|>"]
_AROUND = ["{}", "a{}b", " {} ", "{0}{0}\n{0}", "({})", "1{}'s"]


_SPELLED_AT_MOST = 1_000


def hard_texts(tokens: Sequence[str] = ()) -> list[str]:
    """The listed texts, a long one made of them, and up to a thousand `tokens` (and usual ones) spelled in a text."""
    # Without the long s, for which the library would be asked about the whole (see fast.py).
    together = " ".join(text for text in _LISTED if len(text) < 1_000 and "'ſ" not in text)
    spelled = [around.format(token) for token in [*_SPECIAL, *tokens[:_SPELLED_AT_MOST]] for around in _AROUND]
    halves = [token[: len(token) // 2] + token for token in tokens[:_SPELLED_AT_MOST]]
    return [*_LISTED, together * (1 + 140_000 // len(together.encode())), *spelled, *halves]
