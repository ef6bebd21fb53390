"""Runs in datatrove's environment: what its filters, its PII formatter and its language filter say of texts.

    python datatrove_verdicts.py REQUEST.json ANSWER.jsonl

REQUEST: {"language": "deu", "model": path of a fastText model, "chains": {name: [[filter, settings], ...]},
"texts": [...]}. One line per text in ANSWER:

    chains   name -> what the pipeline of these filters gives: null for kept, else "<filter>.<reason>"
    alone    name -> filter -> what it says of the text as the chain's C4 filter leaves it, if that stands before it;
             a filter behind a C4 filter that drops the document has no entry
    c4       SHA-256 of the text that the C4 filter rewrote; null where it drops the document
    pii      SHA-256 of what PIIFormatter leaves, with placeholders that do not cycle; null where it changes nothing
    language [label, score] of the most probable language
"""

import hashlib
import json
import sys

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.formatters import PIIFormatter
from datatrove.utils.lid import FT176LID
from fasttext.FastText import _FastText

FILTERS = {
    "gopher_repetition": GopherRepetitionFilter,
    "gopher_quality": GopherQualityFilter,
    "c4": C4QualityFilter,
    "fineweb": FineWebQualityFilter,
}


class Dropped:
    """Stands where a pipeline has the writer of what a filter drops."""

    def __init__(self, name):
        self.name, self.reason = name, None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None

    def write(self, document, rank=0):
        self.reason = f"{self.name}.{document.metadata['filter_reason']}"


def pipeline(filters, text):
    """The reason of the filter that drops the document; None when all of them pass it on."""
    documents = iter([Document(text=text, id="")])
    for step in filters.values():
        step.exclusion_writer.reason = None
        documents = step.run(documents)
    kept = list(documents)
    reasons = [step.exclusion_writer.reason for step in filters.values() if step.exclusion_writer.reason]
    assert len(kept) + len(reasons) == 1
    return reasons[0] if reasons else None


def each_alone(filters, text):
    """(filter -> reason or None, text as C4 rewrote it or None)."""
    document, verdicts, rewritten = Document(text=text, id=""), {}, None
    for name, step in filters.items():
        verdict = step.filter(document)
        verdicts[name] = None if verdict is True else f"{name}.{verdict[1]}"
        if name == "c4":
            if verdicts[name]:
                break
            rewritten = document.text
    return verdicts, rewritten


def digest(text):
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def main(request_file, answer_file):
    with open(request_file, encoding="utf-8") as file:
        request = json.load(file)
    chains = {
        name: {
            step: FILTERS[step](language=request["language"], exclusion_writer=Dropped(step), **settings)
            for step, settings in steps
        }
        for name, steps in request["chains"].items()
    }
    identifier = FT176LID()
    identifier._model = _FastText(request["model"])  # as its own download would be
    pii = PIIFormatter(email_replacement="<EMAIL>", ip_replacement="<IP>")
    with open(answer_file, "w", encoding="utf-8") as out:
        for text in request["texts"]:
            answer = {"chains": {}, "alone": {}, "c4": None}
            for name, filters in chains.items():
                answer["chains"][name] = pipeline(filters, text)
                answer["alone"][name], rewritten = each_alone(filters, text)
                answer["c4"] = answer["c4"] or digest(rewritten)
            formatted = pii.format(text)
            answer["pii"] = None if formatted == text else digest(formatted)
            answer["language"] = identifier.predict(Document(text=text, id=""))[0]
            out.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
