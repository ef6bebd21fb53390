"""Messages of gettext catalogues, which PO and MO files hold in two ways, and the pairs they make.

A plural message makes a pair of each form: the first with the singular, all others with the plural. A language with
one form for every number has it with the plural. The entry for the empty message is the header, which is no record.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.bitext.config import PairSourceConfig
from pipelines.bitext.languages import is_of
from pipelines.bitext.record import Pair, pair, rejected
from pipelines.readers.record import Reason, Reject

_CHARSET = re.compile(rb"(?i)^content-type:[^\n]*?charset=\s*([^\s;\\]+)", re.MULTILINE)
_LANGUAGE = re.compile(r"(?im)^language:[ \t]*([A-Za-z_@-]+)")
_PLACEHOLDER = b"CHARSET"  # what xgettext writes until a translator fills it in


@dataclass
class Message:
    """One entry; `forms` has one translation, or those of a plural message by number."""

    id: str = ""
    plural: str | None = None
    context: str | None = None
    forms: dict[int, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    obsolete: bool = False
    line: int = 0

    @property
    def is_header(self) -> bool:
        """Whether it describes the catalogue."""
        return not self.id and self.context is None


def charset_of(header: bytes) -> str | None:
    """The charset that a header names, if it does."""
    found = _CHARSET.search(header)
    return found[1].decode("ascii", "replace") if found and found[1] != _PLACEHOLDER else None


def other_language(header: str, config: PairSourceConfig) -> str | None:
    """The language that a header names, if it is not the wanted one."""
    found = _LANGUAGE.search(header)
    if found is None:
        return None
    said, wanted = found[1].partition("@")[0], config.languages[1]
    return None if is_of(said, wanted) or is_of(wanted, said) else said


def records(message: Message, config: PairSourceConfig) -> Iterator[Pair | Reject]:
    """The records of a message; who knows how many came before gives them their positions."""
    at = f"line {message.line:,}: " if message.line else ""
    if message.obsolete:
        yield rejected(0, Reason.OBSOLETE, f"{at}the program no longer has this message", message.id)
        return
    if "fuzzy" in message.flags and not config.fuzzy:
        yield rejected(0, Reason.FUZZY, f"{at}marked as fuzzy; `fuzzy: true` takes it", message.id)
        return
    meta = {"context": message.context} if message.context else {}
    meta |= {"flags": ", ".join(message.flags)} if message.flags else {}
    forms = sorted(message.forms.items()) or [(0, "")]
    for form, text in forms:
        is_plural = message.plural is not None and (form > 0 or len(forms) == 1)
        source = message.plural if is_plural and message.plural is not None else message.id
        told = meta | ({"plural_form": str(form)} if message.plural is not None else {})
        if not text.strip():
            yield rejected(0, Reason.UNTRANSLATED, f"{at}form {form} has no translation", source)
        else:
            yield pair(0, source, text, told, f"{source}\t{text}".encode(errors="replace"))
