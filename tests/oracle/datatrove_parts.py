"""Runs in datatrove's environment: words, signatures, text without personal data and language of single texts.

    python datatrove_parts.py REQUEST.json ANSWER.jsonl

REQUEST: {"language": "eng", "model": path of a fastText model, "texts": [...]}.
"""

import json
import sys

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.formatters import PIIFormatter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.lid import FT176LID
from datatrove.utils.text import split_into_words
from fasttext.FastText import _FastText


def signature(stage, text):
    """All minima, one bucket after the other; none for a text with too few words."""
    shingles = stage.get_shingles(text)
    return np.concatenate(stage.get_signature(shingles)).tolist() if shingles.size else []


def main(request_file, answer_file):
    with open(request_file, encoding="utf-8") as file:
        request = json.load(file)
    identifier = FT176LID()
    identifier._model = _FastText(request["model"])
    pii = PIIFormatter(email_replacement="<EMAIL>", ip_replacement="<IP>")
    stages = {
        name: MinhashDedupSignature(
            "signatures", config=MinhashConfig(hash_config=HashConfig(hash_fc=name)), language=request["language"]
        )
        for name in ("xxhash", "sha1")
    }
    with open(answer_file, "w", encoding="utf-8") as out:
        for text in request["texts"]:
            answer = {
                "words": split_into_words(text, request["language"]),
                "pii": pii.format(text),
                "signatures": {name: signature(stage, text) for name, stage in stages.items()},
                "language": identifier.predict(Document(text=text, id=""))[0][0],
            }
            out.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
