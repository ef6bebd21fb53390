"""Runs in datatrove's environment: its sentence deduplication, all three stages over one file.

    python datatrove_sentences.py REQUEST.json ANSWER.jsonl

REQUEST: {"language": "eng", "window": sentences compared together, "min_words": ..., "min_sentences": ...,
"texts": [...] in the order in which the first of equal ones stays}. ANSWER: a line for each text, what is left of it;
null where too little is.
"""

import json
import sys
import tempfile
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.dedup import SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups
from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig


def main(request, answer):
    asked = json.loads(Path(request).read_text("utf-8"))
    config = SentDedupConfig(
        n_sentences=asked["window"],
        only_dedup_in_index=False,
        min_doc_words=asked["min_words"],
        min_num_sentences=asked["min_sentences"],
    )

    def documents():
        return (Document(text=text, id=str(number)) for number, text in enumerate(asked["texts"]))

    with tempfile.TemporaryDirectory() as folder:
        signed, found = f"{folder}/signatures", f"{folder}/duplicates"
        SentenceDedupSignature(signed, config=config, language=asked["language"]).run(documents(), 0, 1)
        SentenceFindDedups(signed, found, config=config).run()
        kept = SentenceDedupFilter(found, config=config, language=asked["language"]).run(documents(), 0, 1)
        texts = {document.id: document.text for document in kept}
    with open(answer, "w", encoding="utf-8") as file:
        for number in range(len(asked["texts"])):
            file.write(json.dumps(texts.get(str(number))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
