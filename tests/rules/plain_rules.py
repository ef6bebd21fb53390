"""The published rules in plain Python, one text at a time: what the kernels must agree with."""

import re
from collections import Counter

from pipelines.rules.config import MeasureConfig
from pipelines.words.punctuation import SYMBOLS, TERMINAL_PUNCTUATION

PHRASES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def share(part, whole):
    return part / whole if whole else None


def repeats(pieces):
    """How many pieces stood earlier in the list, and their characters."""
    again = [piece for i, piece in enumerate(pieces) if piece in pieces[:i]]
    return len(again), sum(map(len, again))


def top_n_gram(words, n):
    n_grams = Counter(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    most = max(n_grams.values(), default=0)
    return next((len(n_gram) * count for n_gram, count in n_grams.items() if count == most), 0)


def duplicated_n_grams(words, n):
    seen, characters, i = set(), 0, 0
    while i + n <= len(words):
        joined = "".join(words[i : i + n])
        characters += len(joined) if joined in seen else 0
        i += n if joined in seen else 1
        seen.add(joined)
    return characters


def gopher_repetition(text, words):
    paragraphs, lines = re.split(r"\n{2,}", text.strip()), re.split(r"\n+", text)
    measures = {
        "dup_para_frac": share(repeats(paragraphs)[0], len(paragraphs)),
        "dup_para_char_frac": share(repeats(paragraphs)[1], len(text)),
        "dup_line_frac": share(repeats(lines)[0], len(lines)),
        "dup_line_char_frac": share(repeats(lines)[1], len(text)),
    }
    measures |= {f"top_{n}_gram": share(top_n_gram(words, n), len(text)) for n in (2, 3, 4)}
    return measures | {f"duplicated_{n}_n_grams": share(duplicated_n_grams(words, n), len(text)) for n in range(5, 11)}


def gopher_quality(text, words, stop_words):
    lines = text.splitlines()
    counted = [word for word in words if set(word) - SYMBOLS]
    return {
        "words": len(counted),
        "mean_word_length": share(sum(map(len, counted)), len(counted)),
        "hash_ratio": share(text.count("#"), len(words)),
        "ellipsis_ratio": share(text.count("...") + text.count("…"), len(words)),
        "bullet_line_ratio": share(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
        "ellipsis_line_ratio": share(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "alpha_word_ratio": share(sum(any(map(str.isalpha, word)) for word in words), len(words)),
        "stop_words": len(set(words) & set(stop_words)),
    }


def c4_line(line, config: MeasureConfig):
    """(the rule that drops the line or None, the line after citations are cut, has lorem ipsum, has `{`)."""
    words = line.split()
    if config.max_word_length and max(map(len, words), default=0) > config.max_word_length:
        return "too_long_word", line, False, False
    if config.remove_citations:
        line = re.sub(r"\[\d*]|\[edit]|\[citation needed]", "", line)
    lower = line.lower()
    if config.require_terminal_punctuation and (not line.endswith(tuple(".?!\"'")) or line.endswith("...")):
        return "no_terminal_punctuation", line, False, False
    if len(words) < config.min_words_per_line:
        return "too_few_words", line, False, False
    lorem = "lorem ipsum" in lower
    if config.filter_javascript and "javascript" in lower:
        return "javascript", line, lorem, False
    if config.filter_policy and any(phrase in lower for phrase in PHRASES):
        return "policy", line, lorem, "{" in line
    return None, line, lorem, "{" in line


def c4(text, config: MeasureConfig):
    """(counts by field, text rewritten)."""
    lines = [c4_line(line.strip(), config) for line in text.splitlines()]
    rules = ("too_long_word", "no_terminal_punctuation", "too_few_words", "javascript", "policy")
    counts = {
        "lorem_ipsum": any(lorem for _, _, lorem, _ in lines),
        "curly_bracket": any(curly for *_, curly in lines),
        "lines_read": len(lines),
        "lines_kept": sum(rule is None for rule, *_ in lines),
    }
    counts |= {rule: sum(line[0] == rule for line in lines) for rule in rules}
    return counts, "\n".join(line for rule, line, *_ in lines if rule is None).strip()


def fineweb(text, words, short):
    lines = [line for line in text.split("\n") if line.strip()]
    return {
        "lines": len(lines),
        "line_punct_ratio": share(sum(line.endswith(tuple(TERMINAL_PUNCTUATION)) for line in lines), len(lines)),
        "short_line_ratio": share(sum(len(line) <= short for line in lines), len(lines)),
        "char_dup_ratio": repeats(lines)[1] / len(text.replace("\n", "")) if lines else None,
        "list_ratio": share(text.count("\n"), len(words)),
    }
