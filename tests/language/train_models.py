"""Trains the models under `models/`, which the tests of classifiers read. They are committed, as few can train them.

    uv run --with fasttext-wheel python tests/language/train_models.py

Whoever runs it gets other bytes (training is not reproducible), but models of the same kinds.
"""

import random
import tempfile
from pathlib import Path

MODELS = Path(__file__).with_name("models")

GOOD = ["theorem", "proof", "lemma", "energy", "enzyme", "orbit", "history", "treaty", "river", "because", "measured"]
BAD = ["buy", "cheap", "casino", "bonus", "click", "offer", "free", "discount", "win", "login", "cookie", "subscribe"]
COMMON = ["the", "a", "of", "and", "to", "in", "is", "was", "it", "for", "on", "are"]

# name -> options of training, options of quantisation (none: .bin)
KINDS: dict[str, tuple[dict, dict | None]] = {
    "softmax_word_ngrams.bin": ({"loss": "softmax", "wordNgrams": 2, "bucket": 200}, None),
    "softmax_pruned.ftz": (
        {"loss": "softmax", "wordNgrams": 2, "minn": 2, "maxn": 4, "bucket": 2000},
        {"qnorm": True, "cutoff": 300, "retrain": True},
    ),
    "one_vs_all_subwords.bin": ({"loss": "ova", "minn": 3, "maxn": 5, "bucket": 300}, None),
    "hierarchical.ftz": ({"loss": "hs", "wordNgrams": 2, "bucket": 400}, {"qnorm": False, "dsub": 4}),
}


def lines(labels: int, seed: int = 0) -> list[str]:
    """Training lines: `hq` texts of one vocabulary, `cc` texts of another, and with more labels `topic` texts."""
    chance = random.Random(seed)
    made = []
    for number in range(900):
        label = ("hq", "cc", *(f"topic{n}" for n in range(labels - 2)))[number % labels]
        own = GOOD if label == "hq" else BAD if label == "cc" else [f"{word}{label[-1]}" for word in GOOD]
        words = [chance.choice(own if chance.random() < 0.5 else COMMON) for _ in range(chance.randrange(8, 40))]
        made.append(f"__label__{label} {' '.join(words)}")
    return made


def main() -> None:
    import fasttext  # the one that trains; the project installs one that only predicts

    MODELS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, (training, quantising) in KINDS.items():
            file = Path(folder, "lines.txt")
            file.write_text("\n".join(lines(5 if "hs" in training.values() else 2)) + "\n", "utf-8")
            model = fasttext.train_supervised(
                str(file), dim=8, epoch=10, lr=0.5, thread=1, seed=1, verbose=0, **training
            )
            if quantising is not None:
                model.quantize(input=str(file), epoch=5, lr=0.1, thread=1, verbose=0, **quantising)
            model.save_model(str(MODELS / name))
            print(name, (MODELS / name).stat().st_size, model.labels)


if __name__ == "__main__":
    main()
