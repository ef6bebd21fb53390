"""Damaged files of every format: readers never raise, and count a record for each pair and reject."""

import gzip
import struct

import pytest
from bitext.pair_sources import records, source, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.bitext.record import Pair

_UNITS = "".join(
    f'<tu tuid="{n}"><tuv xml:lang="en"><seg>one {n} <ph x="1">c</ph></seg></tuv><tuv xml:lang="de"><seg>eins</seg>'
    "</tuv></tu>"
    for n in range(6)
)
_PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n' + "".join(
    f'#, c-format\nmsgid "one {n}"\nmsgid_plural "more"\nmsgstr[0] "eins"\nmsgstr[1] "m\\u00f6hr"\n\n'
    for n in range(6)
)
_MO = struct.pack("<7I", 0x950412DE, 0, 1, 28, 36, 0, 44) + struct.pack("<4I", 3, 44, 4, 48) + b"one\0eins\0"
FORMATS = {
    "a.tsv": b"one\teins\n\tzwei\nthree\tdrei\tmore\n" * 4,
    "b.tsv.gz": gzip.compress(b"one\teins\ntwo\tzwei\n" * 40),
    "c.tmx": f'<?xml version="1.0"?><tmx version="1.4"><body>{_UNITS}</body></tmx>'.encode(),
    "d.po": _PO.encode(),
    "e.mo": _MO,
}

damage = st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 6)), min_size=1, max_size=6)


@pytest.mark.parametrize("name", FORMATS)
def test_an_undamaged_file_has_pairs(tmp_path, name):
    assert any(isinstance(each, Pair) for each in records(source(write(tmp_path / name, FORMATS[name]))))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage)
def test_a_damaged_file_gives_pairs_and_rejects_at_places_of_their_own(tmp_path, name, damage):
    data = FORMATS[name]
    for place, inserted, removed in damage:
        at = place % (len(data) + 1)
        data = data[:at] + inserted + data[at + removed :]
    found = records(source(write(tmp_path / name, data)))
    assert found
    positions = [each.position for each in found]
    assert positions == sorted(set(positions))
    assert all(each.source.strip() and each.target.strip() for each in found if isinstance(each, Pair))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=20), max_size=12))
def test_moses_files_of_any_lines_keep_their_alignment(tmp_path, lines):
    write(tmp_path / "m.en", "".join(f"{line}\n" for line in lines))
    write(tmp_path / "m.de", "".join(f"Zeile {number}\n" for number, _ in enumerate(lines)))
    found = records(source(tmp_path, encoding="utf-8"))
    assert len(found) == max(len(lines), 1)
    assert all(each.target == f"Zeile {each.position}" for each in found if isinstance(each, Pair))
