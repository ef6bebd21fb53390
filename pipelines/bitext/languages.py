"""Language tags of files beside those of a configuration, and the scripts that languages are written in."""

_WITHOUT_SPACES = frozenset(("zh", "ja", "th", "lo", "km", "my", "yue", "wuu"))

SCRIPTS = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg", "ce", "ba", "tt", "cv"), ("Cyrillic",)),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "sd", "ug", "ckb", "arz"), ("Arabic",)),
    **dict.fromkeys(("hi", "mr", "ne", "sa", "bh"), ("Devanagari",)),
    **dict.fromkeys(("he", "yi"), ("Hebrew",)),
    **dict.fromkeys(("bn", "as"), ("Bengali",)),
    **dict.fromkeys(("zh", "yue", "wuu"), ("Han", "Bopomofo")),
    **dict.fromkeys(("am", "ti"), ("Ethiopic",)),
    "ja": ("Han", "Hiragana", "Katakana"),
    "ko": ("Hangul", "Han"),
    "el": ("Greek",),
    "hy": ("Armenian",),
    "ka": ("Georgian",),
    "th": ("Thai",),
    "lo": ("Lao",),
    "km": ("Khmer",),
    "my": ("Myanmar",),
    "ta": ("Tamil",),
    "te": ("Telugu",),
    "kn": ("Kannada",),
    "ml": ("Malayalam",),
    "gu": ("Gujarati",),
    "pa": ("Gurmukhi",),
    "si": ("Sinhala",),
    "bo": ("Tibetan",),
    "or": ("Oriya",),
    **dict.fromkeys(
        (
            *("af", "br", "bs", "ca", "ceb", "cs", "cy", "da", "de", "en", "eo", "es", "et", "eu", "fi", "fr", "fy"),
            *("ga", "gd", "gl", "ht", "hr", "hu", "id", "is", "it", "jv", "la", "lb", "lt", "lv", "mg", "ms", "mt"),
            *("nds", "nl", "nn", "no", "nb", "oc", "pl", "pt", "ro", "sk", "sl", "so", "sq", "su", "sv", "sw", "tl"),
            *("tr", "vi", "wo", "xh", "yo", "zu"),
        ),
        ("Latin",),
    ),
}
"""Language -> Unicode scripts (UAX 24) of its letters; languages that are written in several are not here."""


def base(tag: str) -> str:
    """The language of a tag (RFC 5646), in lower case: `de` of `de-AT` and `de_AT`."""
    return tag.replace("_", "-").partition("-")[0].lower()


def is_of(tag: str, wanted: str) -> bool:
    """Whether a tag is the wanted language, or that of a region or script of it: `de-AT` of `de`, not the reverse."""
    one, other = (each.replace("_", "-").lower() for each in (tag, wanted))
    return one == other or one.startswith(f"{other}-")


def is_without_spaces(language: str) -> bool:
    """Whether a language is written without spaces between words."""
    return base(language) in _WITHOUT_SPACES
