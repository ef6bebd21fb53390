"""The bytes that Feast 0.67 stores, taken from the SDK by hand: our layout must give the same."""

from datetime import UTC, datetime

from features.definition.value_type import ValueType
from features.layout.entity_key import EntityKeyEncoder
from features.layout.event_time import decode_event_time, encode_event_time
from features.layout.field import feature_field, timestamp_field
from features.layout.packed_row import PackedRow
from features.layout.value import encode

KEY = bytes.fromhex(
    "020000000200000006000000646f635f696402000000080000007372635f6c616e67"
    "040000000800000007000000000000000200000002000000656e6d74"
)


def test_a_key_is_that_of_feast_whatever_the_order_of_its_parts() -> None:
    encoder = EntityKeyEncoder({"src_lang": ValueType.STRING, "doc_id": ValueType.INT64})

    assert encoder.encode({"src_lang": "en", "doc_id": 7}) + b"mt" == KEY


def test_fields_are_those_of_feast() -> None:
    assert feature_field("doc_stats", "n_tok").hex() == "1a5ebd85"
    assert timestamp_field("doc_stats") == b"_ts:doc_stats"


def test_values_are_those_of_feast() -> None:
    assert encode(11, ValueType.INT64).hex() == "200b"
    assert encode(1.5, ValueType.FLOAT).hex() == "350000c03f"
    assert encode("news", ValueType.STRING).hex() == "12046e657773"
    assert encode(None, ValueType.STRING) == b""
    assert encode([0.1, 0.2, 0.3], ValueType.FLOAT_LIST).hex() == "82010e0a0ccdcccc3dcdcc4c3e9a99993e"


def test_an_event_time_is_that_of_feast() -> None:
    stored = bytes.fromhex("089aaf8bd80610c0e8be3a")

    microseconds = decode_event_time(stored)

    assert encode_event_time(microseconds) == stored
    assert datetime.fromtimestamp(microseconds / 1e6, UTC).year == 2026


def test_a_packed_row_is_made_of_head_nulls_numbers_and_messagepack() -> None:
    types = {
        "n": ValueType.INT64,
        "t": ValueType.STRING,
        "l": ValueType.INT32_LIST,
        "b": ValueType.BOOL,
        "s": ValueType.STRING_LIST,
        "z": ValueType.BYTES,
    }
    packed = PackedRow("v", {"id": ValueType.INT64}, types)

    row = packed.pack(1_700_000_000_000_001, [5, "é", [1, -1], None, ["a", ""], None])

    assert row.hex(" ") == " ".join(
        [
            "31 83 12 67 8c 8f db 28",  # schema hash
            "01 40 1e 18 24 0a 06 00",  # event time
            "28",  # nulls: the features 3 and 5
            "05 00 00 00 00 00 00 00",  # n
            "00",  # b
            "dc 00 04",  # an array of four
            "db 00 00 00 02 c3 a9",  # t
            "dd 00 00 00 02 d2 00 00 00 01 d2 ff ff ff ff",  # l
            "dd 00 00 00 02 db 00 00 00 01 61 db 00 00 00 00",  # s
            "c0",  # z
        ]
    )
