"""The entities that features describe."""

from features.definition.value_type import ValueType
from features.definition.view import Entity

DOCUMENT = Entity("document", "doc_id", ValueType.STRING, "a document of the lake")
SOURCE = Entity("source", "source", ValueType.STRING, "a source of documents, by its name in the configuration")
SOURCE_LANGUAGE = Entity(
    "source_language", "source_language", ValueType.STRING, "the language that is translated from: de, zh, …"
)
TARGET_LANGUAGE = Entity("target_language", "target_language", ValueType.STRING, "the language that is translated to")
SEGMENT = Entity(
    "segment", "segment_id", ValueType.STRING, "a source segment, by `features.segments.segment_id` of its text"
)
TERM = Entity("term", "term", ValueType.STRING, "a term of a glossary, as `features.segments.term_key` writes it")
DOMAIN = Entity("domain", "domain", ValueType.STRING, "a client or field of text that a glossary is for: legal, acme")
CLIENT = Entity("client", "client_id", ValueType.STRING, "a client of the translation service")

LANGUAGE_PAIR = (SOURCE_LANGUAGE, TARGET_LANGUAGE)
