"""Current terms of glossaries."""

import pyarrow as pa

from features.catalogue.translation import TERM_GLOSSARY
from features.computation.input_file import InputFile
from features.computation.records import entities
from features.segments import term_key


def term_glossary(files: list[InputFile]) -> pa.Table:
    """Files with the columns domain, source_language, target_language, term, target, forbidden (with | between),
    case_sensitive, note and updated_at -> the features of view `term_glossary` with their event times.

    Raises:
        InputFileError: as `entities`. A term that is written in two ways, with one key, counts as twice.
    """
    return entities(files, TERM_GLOSSARY, key_of={"term": term_key})
