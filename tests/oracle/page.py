"""`make parity`: compares everything on the benchmarks' corpus and writes docs/parity.md.

    python -m oracle.page [--profile quick|full] [--limit LANGUAGE=N ...] [--minhash N]

Exit status 1 when a goal is missed; the page says which figures there are.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from oracle import chains, environment, explained, texts
from oracle.agreement import GOALS, Comparison, Tally, compare

PAGE = environment.ROOT / "docs" / "parity.md"
LISTED = 40  # differing documents on the page
_HASH = 64  # hex digits
SIGNED = 1_000  # documents signed by the word rules of each language but English
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Deduplication:
    """How MinHash compares."""

    signatures: dict[str, tuple[int, int, int]]  # whose word rules -> documents, with a signature, equal
    documents: int
    clusters: tuple[int, int]  # datatrove's, ours
    clustered: int  # documents in datatrove's clusters
    same_partition: bool


def compare_rules(profile: str, limits: Mapping[str, int]) -> list[Comparison]:
    """Rules, rewriting, personal data and language of each language's documents."""
    found = []
    for language in texts.LANGUAGES:
        found.append(compare(texts.documents(profile, language, limits.get(language)), language, WORKERS))
        print(f"{language}: {found[-1].tallies['fineweb'].documents:,} documents", flush=True)
    return found


def compare_minhash(profile: str, limit: int | None) -> Deduplication:
    """Signatures by the word rules of each language, and the partition by English ones, datatrove's default."""
    from oracle import minhash

    from jobs.engine.sail import SailEngine

    everything = texts.documents(profile, None, limit)
    signatures = {}
    for language in texts.LANGUAGES:
        documents = everything if language == "en" else texts.documents(profile, language, SIGNED)
        last = "clusters" if language == "en" else "signatures"
        folder = minhash.datatrove(documents, language, last, WORKERS)
        theirs = minhash.datatroves_signatures(folder, documents)
        same = minhash.equal(theirs, minhash.our_signatures(documents, language))
        signatures[language] = (len(documents), int(theirs.present.sum()), int(same.sum()))
        print(f"MinHash {language}: {len(documents):,} documents", flush=True)
        if language == "en":
            partition, inputs = minhash.datatroves_partition(folder, documents), folder / "documents"
    engine = SailEngine()
    with tempfile.TemporaryDirectory() as scratch:
        ours = minhash.our_partition(engine, inputs, Path(scratch) / "lake")
    engine.stop()
    clustered = sum(map(len, partition))
    return Deduplication(signatures, len(everything), (len(partition), len(ours)), clustered, partition == ours)


def missed(rules: Sequence[Comparison], dedup: Deduplication) -> list[str]:
    """Goals of issue 4 that the figures do not reach."""
    found = []
    for comparison in rules:
        for chain in chains.CHAINS:
            if comparison.tallies[chain].reason_share < GOALS[comparison.language]:
                found.append(f"{comparison.language}: first reason in chain {chain}")
        if comparison.tallies["c4 text"].reason_share < 1:
            found.append(f"{comparison.language}: text rewritten by C4")
    found += [
        f"signatures by the rules of {name}" for name, (all_, _, same) in dedup.signatures.items() if same < all_
    ]
    return found if dedup.same_partition else [*found, "partition"]


def report(profile: str, rules: Sequence[Comparison], dedup: Deduplication) -> str:
    """The figures as Markdown."""
    about = texts.manifest(profile)
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions().items())
    languages = ", ".join(f"{name} {count:,}" for name, count in about["languages"].items())
    goals = missed(rules, dedup)
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}, commit {_commit()}; {versions}.",
        f"Corpus `{profile}` of benchmarks/corpus.py: {about['documents']:,} pages,"
        f" {about['text_bytes'] / 1e6:,.0f} MB of text ({languages}); SHA-256 of its manifest `{_digest(profile)}`.",
        f"Goals missed: {', '.join(goals)}." if goals else "All goals are met.",
        _chain_table(rules),
        _rule_set_table(rules),
        _other_table(rules),
        _minhash_tables(dedup),
        _documents(rules),
    ]
    return "\n\n".join(parts)


def _chain_table(rules: Sequence[Comparison]) -> str:
    lines = [
        "### The chains\n",
        "| chain | language | documents | dropped by datatrove | same decision | same first reason | goal |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for chain in chains.CHAINS:
        for comparison in rules:
            tally, goal = comparison.tallies[chain], GOALS[comparison.language]
            lines.append(f"| {chain} | {comparison.language} | {_row(tally)} | {goal:.1%} |")
    return "\n".join(lines)


def _rule_set_table(rules: Sequence[Comparison]) -> str:
    lines = [
        "### Each rule set on its own\n",
        "| chain, rule set | language | documents | dropped by datatrove | same decision | same first reason |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for chain in chains.CHAINS:
        for rule_set in chains.policy(chain).order:
            for comparison in rules:
                tally = comparison.tallies[f"{chain} {rule_set}"]
                lines.append(f"| {chain}, {rule_set} | {comparison.language} | {_row(tally)} |")
    return "\n".join(lines)


def _other_table(rules: Sequence[Comparison]) -> str:
    lines = [
        "### Text and language\n",
        "| language | text as C4 rewrites it, equal | language label, equal | its score, equal to 1e-4 |"
        " personal data: documents that datatrove changes | same text afterwards |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for comparison in rules:
        equal = [_share(comparison.tallies[name]) for name in ("c4 text", "language", "language score")]
        pii = comparison.tallies["pii"]
        lines.append(f"| {comparison.language} | {' | '.join(equal)} | {pii.dropped:,} | {_share(pii)} |")
    return "\n".join(lines)


def _minhash_tables(dedup: Deduplication) -> str:
    lines = [
        "### MinHash\n",
        "| word rules | documents | with a signature | equal bit for bit |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {name} | {n:,} | {present:,} | {same:,} |" for name, (n, present, same) in dedup.signatures.items()),
    ]
    verdict = "identical" if dedup.same_partition else "**not identical**"
    theirs, ours = dedup.clusters
    return "\n".join(lines) + (
        f"\n\nPartition of {dedup.documents:,} documents: {verdict}. datatrove, four stages: {theirs:,} clusters of "
        f"{dedup.clustered:,} documents; a lake in parity mode: {ours:,} clusters."
    )


def _documents(rules: Sequence[Comparison]) -> str:
    parted = [difference for comparison in rules for difference in comparison.differences]
    lines = [f"### The documents on which the two sides part: {len(parted):,}\n"]
    if not parted:
        return lines[0] + "\nNone."
    lines += ["| document | language | about | datatrove | tokenlake |", "| --- | --- | --- | --- | --- |"]
    for one in parted[:LISTED]:
        shown = map(_shown, (one.theirs, one.ours))
        lines.append(f"| {one.document} | {one.language} | {one.about} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _shown(verdict: Any) -> str:
    """A reason, a label, a score; of a text, which stands here as its hash, only that it changed."""
    if verdict is None:
        return "kept as it is"
    if isinstance(verdict, float):
        return f"{verdict:.3f}"
    return "changed" if len(verdict) == _HASH else str(verdict)


def _row(tally: Tally) -> str:
    decision, reason = f"{tally.decision_share:.2%}", f"{tally.reason_share:.2%}"
    return f"{tally.documents:,} | {tally.dropped:,} | {decision} | {reason}"


def _share(tally: Tally) -> str:
    return f"{tally.same_reason:,} of {tally.documents:,}"


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=environment.ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _digest(profile: str) -> str:
    return sha256((texts.folder(profile) / "manifest.json").read_bytes()).hexdigest()[:16]


def write(name: str, content: str) -> None:
    """Puts content between the page's markers of that name.

    Raises:
        ValueError: the page has no such markers.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = PAGE.read_text("utf-8")
    if begin not in page or end not in page:
        raise ValueError(f"{PAGE}: markers {begin} and {end} are missing")
    before, rest = page.split(begin)
    PAGE.write_text(f"{before}{begin}\n{content}\n{end}{rest.split(end)[1]}", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m oracle.page", description="Compares with datatrove.")
    parser.add_argument("--profile", choices=["quick", "full"], default="full")
    parser.add_argument("--limit", nargs="*", default=[], metavar="LANGUAGE=N", help="so many of its documents")
    parser.add_argument("--minhash", type=int, metavar="N", help="documents of the partition; default: all")
    options = parser.parse_args(arguments)
    limits = {language: int(number) for language, number in (limit.split("=") for limit in options.limit)}
    rules = compare_rules(options.profile, limits)
    dedup = compare_minhash(options.profile, options.minhash)
    write("results", report(options.profile, rules, dedup))
    write("differences", explained.rendered())
    goals = missed(rules, dedup)
    print(f"{PAGE}: {'goals missed: ' + ', '.join(goals) if goals else 'all goals are met'}")
    return 1 if goals else 0


if __name__ == "__main__":
    sys.exit(main())
