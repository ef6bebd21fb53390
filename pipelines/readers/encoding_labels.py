"""Names under which pages declare their encodings -> Python's codecs.

First by the Encoding Standard (encoding.spec.whatwg.org, names and labels), then by the names that Python knows.
"""

import codecs
from functools import cache

from resiliparse.parse.encoding import map_encoding_to_html5

# The tables that browsers use under a name are larger than those Python has under it.
_LARGER = {
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "iso2022_jp": "iso2022_jp_ext",
}
_MORE = {"hz-gb-2312": "hz", "x-windows-949": "cp949", "macintosh": "mac-roman", "x-mac-cyrillic": "mac-cyrillic"}
_NO_CHARSETS = {"idna", "raw-unicode-escape", "unicode-escape"}  # codecs that decode, but not the text of a page
_ASCII = bytes(range(0x20, 0x7F))


@cache
def codec_of(label: str) -> str | None:
    """The name of Python's codec; None when the label is of no encoding in which ASCII is ASCII, or UTF-16."""
    label = label.strip().lower()
    name = _MORE.get(label) or map_encoding_to_html5(label, fallback_utf8=False)
    try:
        name = codecs.lookup(name or label).name
        name = _LARGER.get(name, name)
        fits = name == "hz" or name.startswith("utf-16") or _ASCII.decode(name) == _ASCII.decode()
    except (LookupError, ValueError):  # no such codec, or none that decodes text
        return None
    return name if fits and name not in _NO_CHARSETS else None
