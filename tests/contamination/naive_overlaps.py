"""Overlaps in plain Python, as the docstrings of pipelines/contamination describe them: the oracle of the kernels."""

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")


def words(text):
    """(start, end, normalised word) of text in scripts with spaces and without combining marks."""
    return [(m.start(), m.end(), _plain(m.group())) for m in WORD.finditer(text)]


def _plain(word):
    decomposed = (unicodedata.normalize("NFKD", c.lower()) for c in word)
    return "".join(d[0] for d in decomposed)


def overlaps(text, benchmarks, n, shortest):
    """(start, end, benchmark, item, n-grams), sorted; a benchmark is a list of items, an item a list of texts."""
    grams = {}
    for b, items in enumerate(benchmarks):
        for i, item in enumerate(items):
            for each in item:
                spelled = [w for _, _, w in words(each)]
                length = n if len(spelled) >= n else len(spelled)
                if length >= shortest:
                    for at in range(len(spelled) - length + 1):
                        grams.setdefault(tuple(spelled[at : at + length]), set()).add((b, i))
    found, placed = [], words(text)
    spelled = [w for _, _, w in placed]
    for length in sorted({len(gram) for gram in grams}):
        at = [grams.get(tuple(spelled[p : p + length]), set()) for p in range(len(spelled) - length + 1)]
        for b in range(len(benchmarks)):
            place = 0
            while place < len(at):
                best = (0, 0)
                for item in sorted(i for found_b, i in at[place] if found_b == b):
                    run = 1
                    while place + run < len(at) and (b, item) in at[place + run]:
                        run += 1
                    best = max(best, (run, -item))
                run, item = best[0], -best[1]
                if run:
                    end = placed[place + run - 1 + length - 1][1]
                    found.append((placed[place][0], end, b, item, run))
                place += max(run, 1)
    return sorted(found)
