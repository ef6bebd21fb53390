"""The benchmarks' corpus: real pages in twelve languages, as web archives and as JSON lines of their main text.

    python -m benchmarks.corpus [--profile trial|quick|full] [--to FOLDER]

    FOLDER/<profile>/warc/part-00000.warc.gz …    the pages
    FOLDER/<profile>/text/part-00000.jsonl …      {"id", "url", "language", "text"}: main text by resiliparse
    FOLDER/<profile>/manifest.json                packages, documents, bytes, SHA-256 of every file

Pages are put in the order of a keyed hash of package and path, so `quick` is the beginning of `full`, and part n is a
fair sample of the whole. What is there already is kept: an interrupted run goes on where it stopped.
"""

import argparse
import json
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.debian import Package, Page, packages, pages, unpack
from benchmarks.web_archive import charset, response, url, warcinfo
from pipelines.keyed_hash import keyed_hash

DOCUMENTS = {"trial": 400, "quick": 5_000, "full": 36_000}
PARTS = 8  # every part serves as a slice, and two, four or eight cores share them


def cache_folder() -> Path:
    """Where the corpus and the peers' environments are kept: $TOKENLAKE_BENCH, or a folder of the user's cache."""
    return Path(os.environ.get("TOKENLAKE_BENCH") or Path.home() / ".cache" / "tokenlake-bench")


def make(profile: str, folder: Path) -> Path:
    """The corpus of a profile, made where it is missing; its folder.

    Raises:
        RuntimeError: apt has not enough of the packages.
    """
    target = folder / profile
    manifest = target / "manifest.json"
    if manifest.exists():
        return target
    wanted = packages()
    chosen = _chosen(wanted, folder, DOCUMENTS[profile])
    for name in ("warc", "text"):
        (target / name).mkdir(parents=True, exist_ok=True)
    parts: list[dict[str, Any]] = []
    with ProcessPoolExecutor() as workers:
        waiting = [workers.submit(_write_part, target, number, chosen[number::PARTS]) for number in range(PARTS)]
        for done in as_completed(waiting):
            parts.append(done.result())
            print(f"{profile}: part {len(parts)} of {PARTS}", flush=True)
    parts.sort(key=lambda part: part["warc"]["file"])
    manifest.write_text(json.dumps(_manifest(profile, wanted, chosen, parts), indent=1, ensure_ascii=False) + "\n")
    return target


def _chosen(wanted: list[Package], folder: Path, documents: int) -> list[Page]:
    """The first pages in the order of a keyed hash."""
    found: list[Page] = []
    for number, package in enumerate(wanted, start=1):
        print(f"package {number} of {len(wanted)}: {package.name} {package.version}", flush=True)
        found += pages(package, unpack(package, folder))
    if len(found) < documents:
        raise RuntimeError(f"{len(found):,} pages in the packages that apt has here, {documents:,} are needed")
    found.sort(key=lambda page: (keyed_hash(f"{page.package}/{page.path}", 0, "benchmark"), page.package, page.path))
    return found[:documents]


def _write_part(target: Path, number: int, part: list[Page]) -> dict[str, Any]:
    """One web archive and the JSON lines of the same pages; what the manifest says of them."""
    from pipelines.extraction.extractors import main_text

    stem = f"part-{number:05d}"
    record = target / f".{stem}.json"
    fingerprint = sha256("\n".join(map(url, part)).encode()).hexdigest()
    if record.exists():
        written: dict[str, Any] = json.loads(record.read_text())
        if written["pages"] == fingerprint:
            return written
    archive, lines = target / "warc" / f"{stem}.warc.gz", target / "text" / f"{stem}.jsonl"
    html_bytes = text_bytes = texts = 0
    with archive.open("wb") as warc, lines.open("w", encoding="utf-8") as jsonl:
        warc.write(warcinfo(archive.name))
        for page in part:
            data = page.file.read_bytes()
            warc.write(response(page, data))
            html_bytes += len(data)
            text = main_text(data.decode(charset(data), "replace"), "resiliparse")
            if text.strip():
                row = {"id": url(page), "url": url(page), "language": page.language, "text": text}
                jsonl.write(json.dumps(row, ensure_ascii=False) + "\n")
                text_bytes += len(text.encode())
                texts += 1
    written = {
        "pages": fingerprint,
        "warc": {"documents": len(part), "html_bytes": html_bytes, **_file(archive)},
        "text": {"documents": texts, "text_bytes": text_bytes, **_file(lines)},
    }
    record.write_text(json.dumps(written))
    return written


def _file(path: Path) -> dict[str, Any]:
    digest = sha256(path.read_bytes()).hexdigest()
    return {"file": f"{path.parent.name}/{path.name}", "bytes": path.stat().st_size, "sha256": digest}


def _manifest(profile: str, wanted: list[Package], chosen: list[Page], parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "profile": profile,
        "documents": len(chosen),
        "documents_with_text": sum(part["text"]["documents"] for part in parts),
        "html_bytes": sum(part["warc"]["html_bytes"] for part in parts),
        "text_bytes": sum(part["text"]["text_bytes"] for part in parts),
        "languages": dict(Counter(page.language for page in chosen).most_common()),
        "packages": {package.name: package.version for package in wanted},
        "files": [part[kind] for part in parts for kind in ("warc", "text")],
    }


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description="Makes the benchmarks' corpus.")
    parser.add_argument("--profile", choices=list(DOCUMENTS), default="quick")
    parser.add_argument("--to", type=Path, default=cache_folder(), metavar="FOLDER")
    options = parser.parse_args(arguments)
    target = make(options.profile, options.to)
    about = json.loads((target / "manifest.json").read_text())
    print(f"{target}: {about['documents']:,} pages, {about['html_bytes'] / 1e6:,.0f} MB of HTML")


if __name__ == "__main__":
    main()
