"""fastwarc and resiliparse with nothing around them: the limit of WARC to text on one core.

    extraction.py --input FOLDER

Every record's HTTP headers are parsed, its bytes decoded as its headers say, its main text extracted with our options.
"""

import argparse
import re
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text

from benchmarks.clock import Clock

CHARSET = re.compile(r"charset=([\w.:-]+)")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    options = parser.parse_args()
    clock = Clock("fastwarc", "resiliparse")
    with clock.measure("extraction") as done:
        pages = characters = 0
        for file in sorted(options.input.glob("*.warc.gz")):
            with file.open("rb") as stream:
                for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                    named = CHARSET.search(record.http_headers.get("Content-Type", ""))
                    html = record.reader.read().decode(named[1] if named else "utf-8", "replace")
                    text = extract_plain_text(html, main_content=True, list_bullets=True, alt_texts=False, links=False)
                    pages += 1
                    characters += len(text)
        done |= {"documents": pages, "characters": characters}
    clock.say()


if __name__ == "__main__":
    main()
