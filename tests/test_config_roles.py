"""Every setting is meaning or execution, and only meaning enters a fingerprint."""

from typing import Literal

import pytest

from jobs.config import RunConfig
from pipelines.config import Config, Execution, Meaning, Role
from pipelines.policies.policy import Policy
from pipelines.readers.config import SourceConfig


def sections(config, found=None):
    """A section, and every one below it, also those behind `| None` and in tuples."""
    found = [] if found is None else found
    if config not in found:
        found.append(config)
        for field in config.model_fields.values():
            for part in _parts(field.annotation):
                if isinstance(part, type) and issubclass(part, Config):
                    sections(part, found)
    return found


def _parts(annotation):
    return [annotation, *(part for each in getattr(annotation, "__args__", ()) for part in _parts(each))]


def fields():
    return [(section, name) for section in [*sections(RunConfig), Policy] for name in section.model_fields]


def test_the_walk_reaches_every_section():
    assert {section.__name__ for section in sections(RunConfig)} >= {
        "RunConfig",
        "SourceConfig",
        "IngestConfig",
        "CleanConfig",
        "MeasureConfig",
        "MinHashConfig",
        "DedupConfig",
        "TokenizerConfig",
        "PackConfig",
        "PiiConfig",
        "UrlConfig",
        "RepairConfig",
    }


@pytest.mark.parametrize(("section", "name"), fields(), ids=lambda value: getattr(value, "__name__", value))
def test_every_setting_has_one_role_or_is_a_section(section, name):
    roles = [mark for mark in section.model_fields[name].metadata if isinstance(mark, Role)]
    assert len(roles) == (0 if section.is_section(name) else 1)


def test_a_section_with_an_unmarked_setting_cannot_be_defined():
    with pytest.raises(TypeError, match=r"Forgetful\.size has no role: write Meaning\[...\] or Execution\[...\]"):

        class Forgetful(Config):
            size: int = 1


class Inner(Config):
    what: Meaning[int] = 1
    how: Execution[Literal["a", "b"]] = "a"


class Outer(Config):
    one: Inner = Inner()
    perhaps: Inner | None = None
    many: tuple[Inner, ...] = ()
    where: Execution[str] = "here"


@pytest.mark.parametrize(
    "other",
    [
        Outer(where="there"),
        Outer(one=Inner(how="b")),
    ],
)
def test_execution_enters_no_fingerprint_at_any_depth(other):
    assert other.fingerprint() == Outer().fingerprint()


def test_execution_enters_no_fingerprint_in_optional_and_repeated_sections():
    one, other = Inner(), Inner(how="b")
    assert Outer(perhaps=one, many=(one, one)).fingerprint() == Outer(perhaps=other, many=(one, other)).fingerprint()


@pytest.mark.parametrize(
    "other",
    [Outer(one=Inner(what=2)), Outer(perhaps=Inner()), Outer(many=(Inner(),)), Outer(many=(Inner(what=2),))],
)
def test_meaning_enters_the_fingerprint_at_any_depth(other):
    assert other.fingerprint() != Outer().fingerprint()
    assert Outer(many=(Inner(what=2), Inner())).fingerprint() != Outer(many=(Inner(), Inner(what=2))).fingerprint()


@pytest.mark.parametrize("setting", [{"path": "b"}, {"root": "/"}, {"exclude": ()}, {"name": "t"}, {"priority": 2}])
def test_where_a_file_lies_and_what_it_is_worth_is_not_how_it_is_read(setting):
    source = SourceConfig(name="s", path="a")
    assert source.model_copy(update=setting).reading_fingerprint() == source.reading_fingerprint()


@pytest.mark.parametrize("setting", [{"text_column": "b"}, {"encoding": "cp1252"}, {"max_document_bytes": 9}])
def test_another_way_of_reading_is_another_reading_fingerprint(setting):
    source = SourceConfig(name="s", path="a")
    assert source.model_copy(update=setting).reading_fingerprint() != source.reading_fingerprint()
