"""Damage to files, chosen by a seed: what disks, networks, other programs and malice do to bytes."""

import gzip
import re
from collections.abc import Callable
from random import Random

import zstandard

MEGABYTE = 1 << 20
MAGICS = (
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",  # gzip
    b"\x28\xb5\x2f\xfd",  # zstd
    b"\x50\x2a\x4d\x18\xff\xff\xff\x7f",  # a skippable zstd frame of 2 GiB
    b"\x5d\x2a\x4d\x18\x10\x00\x00\x00",  # the dictionary of a WARC in zstd
    b"PK\x03\x04",
    b"PAR1",
    b"WARC/1.0\r\n",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xff\xfe\x00\x00",
    b"\xef\xbb\xbf",
)
FRAGMENTS = (
    b"\0",
    b"\r",
    b"\r\n\r\n",
    b"\n\n\n",
    b'"',
    b'""',
    b'{"text": "\\ud800"}\n',
    b'{"text": 1e999}\n',
    b'{"text": "a", "text": "b"}\n',
    b"---\n",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xe2\x80\xa8",
    b"\x1b$B",
    b"&#xD800;&#0;&#x110000;",
    b"<!--",
    b"<script>",
    b"<meta charset=utf-7>",
    b"Content-Encoding: gzip, br\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: deflate\r\n",
    b"WARC-Truncated: length\r\n",
    b"WARC-Identified-Payload-Type: text/html\r\n",
    b"Content-Type: application/octet-stream\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"ffffffff\r\n",
    b"0\r\n\r\n",
    b"%PDF-1.4\n",
    b"\xc2\x85\x1c",
)
NESTS = (b"[", b'{"text":', b"<div>", b"<table><tr><td>", b"(", b"<!--", b'"', b"> ", b"<b", b"*")
EXTREMES = (b"0", b"-1", b"1", b"99999999999999999999", b"2147483648", b"18446744073709551615", b"00000005")
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "shift_jis", "koi8-r", "utf-8-sig", "cp037")
CHARSETS = (b"utf-8", b"utf-16", b"euc-kr", b"gb2312", b"big5", b"shift_jis", b"euc-jp", b"iso-2022-jp", b"hz-gb-2312")
CHARSETS += (b"windows-1251", b"koi8-r", b"iso-8859-1", b"iso-8859-2", b"tis-620", b"utf-7", b"cp850", b"nonsense")

Mutation = Callable[[bytes, bytes, Random], bytes]


def flip_bits(data: bytes, other: bytes, random: Random) -> bytes:
    """One to eight bits, as storage loses them."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 8)):
        changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def truncate(data: bytes, other: bytes, random: Random) -> bytes:
    """The end is absent, sometimes all but a few bytes of it."""
    return data[: random.choice([random.randrange(len(data)), len(data) - random.randint(1, min(16, len(data)))])]


def behead(data: bytes, other: bytes, random: Random) -> bytes:
    """The start is absent."""
    return data[random.randrange(len(data)) :]


def delete(data: bytes, other: bytes, random: Random) -> bytes:
    """A stretch is absent."""
    start, end = _stretch(data, random)
    return data[:start] + data[end:]


def repeat(data: bytes, other: bytes, random: Random) -> bytes:
    """A stretch is there several times."""
    start, end = _stretch(data, random)
    times = random.randint(1, max(1, min(_copies(data, 40), MEGABYTE // (end - start))))
    return data[:end] + data[start:end] * times + data[end:]


def splice(data: bytes, other: bytes, random: Random) -> bytes:
    """The start of one file and the end of another."""
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def graft(data: bytes, other: bytes, random: Random) -> bytes:
    """A stretch of another file within this one."""
    start, end = _stretch(other, random)
    at = random.randrange(len(data))
    return data[:at] + other[start:end] + data[random.choice([at, min(len(data), at + end - start)]) :]


def zero(data: bytes, other: bytes, random: Random) -> bytes:
    """A stretch of zero bytes, as a hole in a file or padding behind it."""
    start, end = _stretch(data, random)
    return random.choice([data[:start] + bytes(end - start) + data[end:], data + bytes(end - start)])


def swap(data: bytes, other: bytes, random: Random) -> bytes:
    """Two halves in the wrong order."""
    at = random.randrange(len(data))
    return data[at:] + data[:at]


def insert_magic(data: bytes, other: bytes, random: Random) -> bytes:
    """The first bytes of some format, at the start or anywhere."""
    at = random.choice([0, random.randrange(len(data))])
    return data[:at] + random.choice(MAGICS) + data[random.choice([at, at + 4]) :]


def insert_fragment(data: bytes, other: bytes, random: Random) -> bytes:
    """Something that means trouble to one parser or another."""
    at = random.randrange(len(data))
    return data[:at] + random.choice(FRAGMENTS) * random.choice([1, 1, 2, 1000]) + data[at:]


def edit_number(data: bytes, other: bytes, random: Random) -> bytes:
    """A decimal number, such as a Content-Length, becomes another."""
    numbers = list(re.finditer(rb"\d+", data[: 4 * MEGABYTE]))
    if not numbers:
        return edit_field(data, other, random)
    found = random.choice(numbers)
    near = b"%d" % max(0, int(found[0][:15]) + random.choice([-1, 1, 4, -7]))
    return data[: found.start()] + random.choice([near, *EXTREMES]) + data[found.end() :]


def edit_field(data: bytes, other: bytes, random: Random) -> bytes:
    """A binary length field becomes extreme; those at the start and the end of a file are hit more often."""
    at = random.choice([random.randrange(len(data)), random.randrange(min(64, len(data))), len(data) - 8])
    at, width = max(0, at), random.choice([1, 2, 4, 8])
    value = random.choice([0, 1, (1 << 8 * width) - 1, 1 << 8 * width - 1, random.getrandbits(8 * width)])
    return data[:at] + value.to_bytes(width, "little") + data[at + width :]


def edit_header(data: bytes, other: bytes, random: Random) -> bytes:
    """A header line of a record or a message becomes one that some program writes, or nobody should."""
    lines = list(re.finditer(rb"(?m)^([A-Za-z-]{2,40}):[ \t]?([^\r\n]{0,300})(\r?\n)", data[: 4 * MEGABYTE]))
    if not lines:
        return insert_fragment(data, other, random)
    found = random.choice(lines)
    whole, name, value, end = found[0], found[1], found[2], found[3]
    line = random.choice(
        [
            b"",
            name + b": " + value + b"\n",
            name.lower() + b":" + value + end,
            name + b" \t :  " + value + b"  " + end,
            name + b":" + end + b" " + value + end,
            name + b" " + value + end,
            b" " + whole,
            whole + b" \t" + end,
            whole + end,
            whole * random.choice([2, 3, 3_000]),
            name + b": Orl\xe9ans" + end,
            name + b":" + end,
            name + b": " + random.choice(lines)[2] + end,
        ]
    )
    return data[: found.start()] + line + data[found.end() :]


def nest(data: bytes, other: bytes, random: Random) -> bytes:
    """Something is opened thousands of times, and never closed."""
    at = random.choice([0, random.randrange(len(data))])
    return data[:at] + random.choice(NESTS) * random.choice([50, 3_000, 100_000]) + data[at:]


def giant_line(data: bytes, other: bytes, random: Random) -> bytes:
    """A line of megabytes, where the file is text."""
    start, end = _stretch(data, random)
    line = data[start:end].replace(b"\n", b" ").replace(b"\r", b" ")
    size = random.choice([1, 3]) * MEGABYTE
    return data[:end] + line * min(_copies(data, MEGABYTE), size // len(line)) + data[end:]


def join_lines(data: bytes, other: bytes, random: Random) -> bytes:
    """Other line ends, or none."""
    return data.replace(b"\n", random.choice([b"", b"\r", b"\r\n", b" ", b"\n\n", b"\n\r"]))


def encode(data: bytes, other: bytes, random: Random) -> bytes:
    """The same text in another encoding."""
    text = data[:MEGABYTE].decode("utf-8", random.choice(["replace", "ignore"]))
    return text.encode(random.choice(ENCODINGS), random.choice(["ignore", "replace"])) or b"\xff"


def declare(data: bytes, other: bytes, random: Random) -> bytes:
    """Another charset is declared where one is, or at the start."""
    charset = b"charset=" + random.choice(CHARSETS)
    declared, count = re.subn(rb"(?i)charset\s*=\s*[\"']?[a-z0-9_:.-]+", charset, data[:MEGABYTE])
    return declared + data[MEGABYTE:] if count else b"<meta " + charset + b">" + data


def break_characters(data: bytes, other: bytes, random: Random) -> bytes:
    """Single bytes beyond ASCII are absent, doubled or others, as where text was cut by the byte or passed 7 bits."""
    beyond = [found.start() for found in re.finditer(rb"[\x80-\xff]", data[:MEGABYTE])] or range(len(data))
    changed = bytearray(data)
    for at in sorted(random.sample(beyond, min(len(beyond), random.choice([1, 1, 3, 40]))), reverse=True):
        byte = changed[at]
        changed[at : at + 1] = random.choice([b"", bytes([byte, byte]), bytes([byte & 0x7F]), random.randbytes(1)])
    return bytes(changed)


def compress(data: bytes, other: bytes, random: Random) -> bytes:
    """Compressed once more, as mirrors do."""
    data = data[:MEGABYTE]
    return random.choice([gzip.compress(data, 1, mtime=0), zstandard.compress(data, 1)])


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    truncate,
    behead,
    delete,
    repeat,
    splice,
    graft,
    zero,
    swap,
    insert_magic,
    insert_fragment,
    edit_number,
    edit_field,
    edit_header,
    nest,
    giant_line,
    join_lines,
    encode,
    declare,
    break_characters,
    compress,
)


def mutate(data: bytes, other: bytes, random: Random, most: int = 4) -> tuple[bytes, list[str]]:
    """One to `most` mutations; returns (bytes, names of the mutations). `other` is another file of the same kind."""
    names = []
    for _ in range(random.choice([1, 1, random.randint(1, most)])):
        mutation = random.choice(MUTATIONS)
        data = mutation(data or b"\n", other, random)[: 8 * MEGABYTE]
        names.append(mutation.__name__)
    return data, names


def _copies(data: bytes, most: int) -> int:
    """How often a piece may be repeated: less often in binary files, which may expand a thousandfold."""
    return 12 if b"\0" in data[:1000] else most


def _stretch(data: bytes, random: Random) -> tuple[int, int]:
    """(start, end) of a piece, mostly a short one."""
    start = random.randrange(len(data))
    longest = min(len(data) - start, random.choice([8, 200, 5_000, 1 << 30]))
    return start, start + random.randint(1, longest)
