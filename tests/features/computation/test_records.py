"""Rows that people write: what becomes of them, and which file and line an error names."""

import os
from datetime import UTC, datetime

import pytest

from features.computation.clients import client_profile
from features.computation.glossary import term_glossary
from features.computation.input_file import InputFileError, found
from features.definition.view import EVENT_TIMESTAMP

TIME = datetime(2026, 5, 1, 8, tzinfo=UTC)
HEAD = "domain,source_language,target_language,term,target"
GOOD = "acme,de,en,Straße,street"


@pytest.fixture
def written(tmp_path):
    """A file with some content, modified at TIME."""

    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.utime(path, (TIME.timestamp(), TIME.timestamp()))
        return found(str(path))

    return write


def test_a_glossary_is_read_with_keys_as_lookups_make_them(written):
    more = "forbidden,case_sensitive,note,updated_at"
    text = f"{HEAD},{more}\n{GOOD},road | way,no,,2026-04-01\nb,de,en,Kläger,claimant,,,,\n"
    first, second = term_glossary([written("g.csv", text)]).to_pylist()
    assert first == {
        "domain": "acme", "term": "strasse", "source_language": "de", "target_language": "en", "target": "street",
        "forbidden": ["road", "way"], "case_sensitive": False, "note": None,
        EVENT_TIMESTAMP: datetime(2026, 4, 1, tzinfo=UTC),
    }  # fmt: skip
    assert (second["forbidden"], second["case_sensitive"], second[EVENT_TIMESTAMP]) == ([], None, TIME)


def test_clients_are_read_from_yaml_and_from_csv_alike(written):
    yaml = written(
        "c.yaml", "- client_id: 7\n  tier: free\n  characters_per_day: 10_000\n  updated_at: 2026-04-01 12:00:00\n"
    )
    csv = written("c.csv", "\ufefftier,client_id,characters_per_day,updated_at\r\nfree,7,10000,2026-04-01T12:00\r\n")
    assert client_profile([yaml]).to_pylist() == client_profile([csv]).to_pylist() == [
        {"client_id": "7", "domain": None, "tier": "free", "requests_per_minute": None, "characters_per_day": 10_000,
         EVENT_TIMESTAMP: datetime(2026, 4, 1, 12, tzinfo=UTC)}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            f"{GOOD}\nacme,de,en,STRASSE,road",
            r"g\.csv:3: domain acme, term STRASSE, .*g\.csv:2 has a row for this already",
        ),
        (f"{GOOD}\nacme,de,en,,road", r"g\.csv:3: term is missing"),
        (f"{GOOD}\nacme,de,en,Weg, ", r"g\.csv:3: target is missing"),
        (f"{GOOD}\nacme,de,en,Weg", r"g\.csv:3: 4 cells under 5 columns"),
        (f'{GOOD}\n"acme\n",de,en,"Weg', r"g\.csv:4: not valid CSV"),
        ("", r"g\.csv: the file has no rows"),
    ],
)
def test_a_bad_row_of_a_glossary_is_named_with_its_line(written, rows, said):
    with pytest.raises(InputFileError, match=said):
        term_glossary([written("g.csv", f"{HEAD}\n{rows}\n")])


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("tier", "gold", r"c\.csv:2: tier: 'gold' is none of free, standard, premium"),
        ("requests_per_minute", "many", r"c\.csv:2: requests_per_minute: 'many' is not a whole number of 32 bits"),
        ("requests_per_minute", "-1", r"c\.csv:2: requests_per_minute: -1 is below 0"),
        ("requests_per_minute", str(2**31), r"is not a whole number of 32 bits"),
        ("characters_per_day", "1.5", r"c\.csv:2: characters_per_day: '1.5' is not a whole number of 64 bits"),
        ("updated_at", "yesterday", r"c\.csv:2: updated_at: 'yesterday' is not a time in ISO 8601"),
        ("colour", "red", r"c\.csv:2: there is no column colour; there are client_id, domain, tier"),
        ("client_id", "x", r"c\.csv:1: the column client_id stands twice"),
    ],
)
def test_a_bad_value_is_named_with_its_line_and_column(written, column, value, said):
    with pytest.raises(InputFileError, match=said):
        client_profile([written("c.csv", f"client_id,{column}\nacme,{value}\n")])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acme: 7\n", r"c\.yaml:1: not a list of rows"),
        ("- client_id: a\n- b\n", r"c\.yaml:2: not a row of `name: value`"),
        ("- client_id: a\n- client_id: [b]\n", r"c\.yaml:2: client_id: \['b'\] is not a text"),
        (
            "- client_id: a\n  requests_per_minute: true\n",
            r"c\.yaml:1: requests_per_minute: True is not a whole number",
        ),
    ],
)
def test_a_bad_row_in_yaml_is_named_with_its_line(written, text, said):
    with pytest.raises(InputFileError, match=said):
        client_profile([written("c.yaml", text)])


def test_a_row_that_two_files_have_is_refused_with_both_places(written):
    files = [written("a.csv", f"{HEAD}\n{GOOD}\n"), written("b.csv", f"{HEAD}\n{GOOD}\n")]
    with pytest.raises(InputFileError, match=r"b\.csv:2: .*a\.csv:2 has a row for this already; keep one of them"):
        term_glossary(files)


def test_text_in_another_encoding_is_refused(written):
    with pytest.raises(InputFileError, match=r"g\.csv:2: not in UTF-8: save the file as UTF-8"):
        term_glossary([written("g.csv", f"{HEAD}\n{GOOD}\n".encode("latin-1"))])


def test_a_file_that_changes_while_it_is_read_is_refused(written, tmp_path):
    file = written("g.csv", f"{HEAD}\n{GOOD}\n")
    (tmp_path / "g.csv").write_text(f"{HEAD}\nother,de,en,a,b\n")
    with pytest.raises(InputFileError, match=r"g\.csv: the file changed while it was read; run the command again"):
        term_glossary([file])
