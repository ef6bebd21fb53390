import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.exact import text_hashes


def hash_of(text: str) -> bytes | None:
    return text_hashes([text])[0]


def test_whitespace_and_composition_make_no_difference():
    assert hash_of(" Caf\u00e9\u00a0au\n\nlait ") == hash_of("Cafe\u0301 au lait")


def test_case_and_digits_do():
    assert len({hash_of("Room 1"), hash_of("room 1"), hash_of("Room 2")}) == 3


def test_nothing_left_equals_nothing():
    assert text_hashes(["", " \n\t", "\u2003"]) == [None, None, None]


def test_the_hash_is_xxh3_of_the_normalised_bytes():
    assert hash_of("  two\twords ") == xxhash.xxh3_128_digest(b"two words")


@given(st.text(), st.sampled_from(["\n", "  ", "\u00a0", "\x1c"]))
def test_wrapping_lines_anew_changes_nothing(text, space):
    assert hash_of(text) == hash_of(space.join(text.split()))
