"""Text for properties: every kind of whitespace, line break, punctuation and width, in small pieces."""

from hypothesis import strategies as st

SPACES = [chr(point) for point in range(0x110000) if chr(point).isspace()]
_PIECES = [
    *SPACES, "\r\n", "\n\n", "\n\n\n", "\x00", "\x1f", "\x7f", "\u200b",
    "...", "…", "•", "-", "#", "{", "(", ")", '"', "'s", "。",
    "[1]", "[edit]", "[citation needed]", "[٣]", "lorem ipsum", "JavaScript", "cookie policy", "use of coo\u212aies",
    "the", "and", "with", "a.m.", "can't", "Hello.", "World!", "x", "word", "1,234.5",
    "Ω", "Σ", "İ", "é", "e\u0301", "漢字", "𝒳", "😀", "٣",
]  # fmt: skip

texts = st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=40).map("".join) | st.lists(
    st.sampled_from(["one two", "three.", "four five six seven.", "  ", ""]), max_size=12
).map("\n".join)
batches = st.lists(texts, min_size=1, max_size=5)
