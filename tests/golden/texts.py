"""The fixed input of the golden outputs: texts and files that meet many branches of every step."""

import gzip
import json
from pathlib import Path

_ENGLISH = (
    "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and "
    "should act towards one another in a spirit of brotherhood.\n"
    "Everyone has the right to life, liberty and security of person.\n"
    "No one shall be held in slavery or servitude; slavery and the slave trade shall be prohibited in all their forms."
)

TEXTS: dict[str, tuple[str, str]] = {
    "english": ("en", _ENGLISH),
    "english-copy": ("en", _ENGLISH.replace(" ", "  ")),
    "english-near": ("en", _ENGLISH + " It was adopted in Paris."),
    "english-marked": (
        "en",
        "The tower [1] was built in 1889 [citation needed] and is visited by many.\nPlease enable JavaScript to see "
        "this page and its parts.\nRead our cookie policy before you go on with this.\nshort line\n"
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit. { x }\n• one\n• two\n- three…",
    ),
    "english-repeated": ("en", "Buy now and save a lot of money today.\n" * 12 + "The end."),
    "english-contact": (
        "en",
        "Write to anna.schmidt@example.com or call +49 30 901820, IBAN DE89 3704 0044 0532 0130 00, host 10.1.2.7.",
    ),
    "english-broken": ("en", "The cafÃ© was â€œoldâ€\x9d, and the naÃ¯ve guest didnâ€™t mind."),
    "english-tricky": (
        "en",
        "Dr. O'Neil can't pay $3.50... at 5 p.m.\r\nSee http://a.example/b?c=d#e and x@y.\x0bU.S.",
    ),
    "german": (
        "de",
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt "
        "und sollen einander im Geiste der Brüderlichkeit begegnen.\nJeder hat das Recht auf Leben, z. B. in Straßen.",
    ),
    "french": (
        "fr",
        "Tous les êtres humains naissent libres et égaux en dignité et en droits. L'homme n'est pas « seul ».",
    ),
    "russian": ("ru", "Все люди рождаются свободными и равными в своём достоинстве и правах. Они наделены разумом."),
    "arabic": ("ar", "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا."),
    "hindi": ("hi", "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।"),
    "chinese": ("zh", "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。"),
    "japanese": ("ja", "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。"),
    "korean": ("ko", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다."),
    "thai": ("th", "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ"),
    "empty": ("en", ""),
    "blank": ("en", " \n\n\t"),
    "symbols": ("en", "# # # ... … 😀 e\u0301 é Ω ﬁ \u200b x\u0000y"),
}


def write_files(folder: Path) -> Path:
    """Files of most formats, some of them damaged."""
    folder.mkdir(parents=True)
    texts = [text for _, text in TEXTS.values() if text.strip() and "\0" not in text]
    lines = [json.dumps({"text": text, "id": str(number), "url": f"https://example.org/{number}"})
             for number, text in enumerate(texts)]  # fmt: skip
    jsonl = "\n".join(
        [*lines, '{"text": "cut', '{"body": "x"}', '{"text": "  "}', '{"text": "\\ud800 lone"}']
    ).encode()
    body = f"<nav>Menu</nav><main><p>{texts[0]}</p></main>"
    page = f"<html><head><title>T</title></head><body>{body}</body></html>".encode()
    response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page
    stored = gzip.compress(jsonl, 0, mtime=0)  # level 0: the same bytes from every zlib
    files = {
        "lines.jsonl": jsonl,
        "packed.jsonl.gz": stored,
        "torn.jsonl.gz": stored[:-40],
        "array.json": json.dumps([{"text": text} for text in texts[:3]], indent=1).encode(),
        "rows.csv": b'id,text\n1,"one, two and\nthree"\n2,four\n3\n',
        "page.html": page,
        "latin.txt": "Café, naïve, déjà vu: tout cela était écrit en 1998 par un élève.".encode("latin-1"),
        "wide.txt": texts[0].encode("utf-16"),
        "note.md": f"---\ntitle: A note\ntags: [a, b]\n---\n# Heading\n\n{texts[0]}\n".encode(),
        "crawl.warc": _record("response", "http://example.org/a", response)
        + _record("request", "http://example.org/a", b"GET / HTTP/1.1\r\n\r\n"),
        "picture.bin": bytes(range(256)) * 4,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def _record(kind: str, target: str, block: bytes) -> bytes:
    http = "response" if kind == "response" else "request"
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {target}\r\nWARC-Date: 2024-01-02T03:04:05Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{len(block):012d}>\r\n"
        f"Content-Type: application/http; msgtype={http}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


PAIRS = (
    ("Guten  Morgen!", "Good morning!"),
    ("Guten Morgen!", "Morning!"),
    ("Guten Morgen!", "Good morning!"),
    ("Das Cafe\u0301 ist zu.", "The café is closed."),
    ("Das Café ist zu.", "The café is shut."),
    ("Ja.", "Yes."),
    ("你好", "Hello"),
)
"""Sentence pairs: white space and accents that are normalised, and one source with several targets."""

RECORDS = {
    "glossary.csv": (
        "domain,source_language,target_language,term,target,forbidden,case_sensitive,note,updated_at\n"
        "acme,de,en,Straße,street,road|way,false,,2026-05-01\n"
        'legal,de,en,Kläger,claimant,plaintiff,yes,"English law, not\nAmerican",2026-05-02T10:00:00+02:00\n'
    ),
    "clients.yaml": (
        "- {client_id: acme, domain: acme, tier: premium, requests_per_minute: 600, updated_at: 2026-05-01}\n"
        "- {client_id: 7, tier: free, characters_per_day: 10_000, updated_at: 2026-05-03T00:00:00Z}\n"
    ),
}
"""Files of records, by name."""
