"""Damage in compressed files costs the member it is in. JSON Lines serve as content."""

import gzip
import io
import subprocess
import sys
import zipfile
import zlib
from random import Random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st


def objects(*texts: str) -> bytes:
    return b"".join(b'{"text": "%s"}\n' % text.encode() for text in texts)


def zstd(content: bytes, **options) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True, **options).compress(content)


both = pytest.mark.parametrize(("compress", "suffix"), [(gzip.compress, "gz"), (zstd, "zst")])


@both
def test_members_are_read_one_after_the_other(read_bytes, compress, suffix):
    content = compress(objects("a", "b")) + compress(b"") + compress(objects("c"))
    assert read_bytes(content, f"a.jsonl.{suffix}").texts == ["a", "b", "c"]


@both
def test_a_line_may_run_over_members(read_bytes, compress, suffix):
    content = objects("a", "b")
    assert read_bytes(compress(content[:20]) + compress(content[20:]), f"a.jsonl.{suffix}").texts == ["a", "b"]


@both
def test_first_bytes_tell_what_the_suffix_does_not(read_bytes, compress, suffix):
    assert read_bytes(compress(objects("a")), "a.jsonl").texts == ["a"]


@both
def test_a_truncated_member_keeps_the_lines_before_the_cut(read_bytes, compress, suffix):
    texts = [f"{zlib.crc32(b'%d' % n):08x}" * 9 for n in range(20_000)]
    content = compress(objects(*texts))
    reading = read_bytes(content[: len(content) * 3 // 4], f"a.jsonl.{suffix}")
    assert len(reading.texts) > 10_000
    assert reading.texts == texts[: len(reading.texts)]
    assert reading.one_reject().reason == "truncated"


@both
def test_a_damaged_member_does_not_touch_its_neighbours(read_bytes, compress, suffix):
    middle = bytearray(compress(objects(*(f"m{n}" for n in range(50)))))
    middle[len(middle) // 2] ^= 0xFF
    content = compress(objects("before")) + bytes(middle) + compress(objects("after"))
    reading = read_bytes(content, f"a.jsonl.{suffix}")
    assert (reading.texts[0], reading.texts[-1]) == ("before", "after")
    assert "corrupt" in reading.reasons


@both
def test_a_wrong_checksum_is_corrupt(read_bytes, compress, suffix):
    content = bytearray(compress(objects("a")))
    content[-5 if suffix == "gz" else -1] ^= 1
    assert "corrupt" in read_bytes(bytes(content), f"a.jsonl.{suffix}").reasons


@both
def test_bytes_between_members_are_one_reject(read_bytes, compress, suffix):
    content = compress(objects("a")) + b"garbage" + compress(objects("b"))
    reading = read_bytes(content, f"a.jsonl.{suffix}")
    assert reading.texts == ["a", "b"]
    assert (reading.one_reject().reason, reading.one_reject().sample[:7]) == ("corrupt", b"garbage")


@both
def test_padding_with_zeros_is_framing(read_bytes, compress, suffix):
    assert read_bytes(compress(objects("a")) + bytes(600_000), f"a.jsonl.{suffix}").records == [
        *read_bytes(objects("a"), "a.jsonl").records
    ]


@both
def test_a_bomb_is_given_up_and_the_next_member_is_read(read_bytes, compress, suffix):
    bomb = compress(b'{"text": "' + bytes(50 << 20))
    reading = read_bytes(
        bomb + compress(b"\n" + objects("after")), f"a.jsonl.{suffix}", max_decompressed_bytes=1 << 20
    )
    assert reading.texts == ["after"]
    assert reading.one_reject().reason == "decompression_bomb"


@both
def test_large_content_that_compresses_like_text_is_no_bomb(read_bytes, compress, suffix):
    texts = [f"{zlib.crc32(b'%d' % n):08x}" for n in range(10_000)]
    assert read_bytes(compress(objects(*texts)), f"a.jsonl.{suffix}", max_decompressed_bytes=10_000).texts == texts


@both
def test_one_compressed_record_over_the_limit_is_a_bomb(read_bytes, compress, suffix):
    reading = read_bytes(compress(b"some text " * 500), f"a.txt.{suffix}", max_decompressed_bytes=1000)
    assert reading.reasons == ["decompression_bomb"]


@both
def test_a_file_that_is_one_document_can_be_a_bomb(read_bytes, compress, suffix):
    reading = read_bytes(
        compress(bytes(50 << 20)), f"a.txt.{suffix}", max_document_bytes=1 << 20, max_decompressed_bytes=2 << 20
    )
    assert reading.reasons == ["decompression_bomb"]


def test_a_file_named_gz_that_is_none_is_corrupt(read_bytes):
    reading = read_bytes(objects("a", "b"), "a.jsonl.gz")
    assert (reading.reasons, reading.one_reject().sample) == (["corrupt"], objects("a", "b"))


def test_skippable_zstd_frames_are_framing(read_bytes):
    skippable = (0x184D2A53).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"hello"
    assert read_bytes(skippable + zstd(objects("a")) + skippable, "a.jsonl.zst").texts == ["a"]


def zstd_stream(content: bytes, window_log: int) -> bytes:
    """A frame of unknown size, as `zstd --long` writes from a pipe: it asks for its full window."""
    parameters = zstandard.ZstdCompressionParameters(window_log=window_log, enable_ldm=False)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return compressor.compress(content) + compressor.flush()


def with_window(frame: bytes, window_log: int) -> bytes:
    """The frame with another window in its header (RFC 8878, 3.1.1.1.2)."""
    assert frame[4] & 0x20 == 0, "the header has a window"
    return frame[:5] + bytes([window_log - 10 << 3]) + frame[6:]


@pytest.mark.parametrize("window_log", [10, 27, 28, 31])
def test_zstd_of_any_window_is_read(read_bytes, window_log):
    frame = with_window(zstd_stream(objects("a"), 20), window_log)
    assert zstandard.get_frame_parameters(frame).window_size == 1 << window_log
    skippable = (0x184D2A50).to_bytes(4, "little") + bytes(4)
    content = frame + zstd(b"") + skippable + frame
    assert read_bytes(content, "a.jsonl.zst").texts == ["a", "a"]


def test_text_that_refers_back_far_is_expanded(read_bytes):
    """The window is used, not only accepted: the last line repeats one that stands 140 MB before it."""
    once = Random(1).randbytes(500_000).hex()
    texts = [once, *["filler " * 1_000_000] * 20, once]
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True, compression_level=1)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = compressor.compress(objects(*texts)) + compressor.flush()
    assert len(packed) < 1.5 * len(zstd(once.encode())), "it is stored once"
    assert read_bytes(packed, "a.jsonl.zst", max_decompression_ratio=1e9).texts == texts


def test_a_window_over_the_limit_is_refused_with_the_setting_that_allows_it(read_bytes):
    frame = with_window(zstd_stream(objects("a"), 20), 31)
    reading = read_bytes(frame + zstd(objects("b")), "a.jsonl.zst", max_window_bytes=1 << 30)
    assert (reading.texts, reading.reasons) == (["b"], ["unsupported"])
    assert "window of 2,147,483,648 bytes, over max_window_bytes = 1,073,741,824" in reading.one_reject().detail


def test_a_window_beyond_what_zstd_can_do_is_refused(read_bytes):
    frame = with_window(zstd_stream(objects("a"), 20), 32)
    assert read_bytes(frame, "a.jsonl.zst").reasons == ["unsupported"]


NO_MEMORY = """
import resource, sys
from pipelines.readers.config import SourceConfig
from pipelines.readers.dispatch import read
from pipelines.readers.listing import list_files
from pipelines.readers.splits import split

config = SourceConfig(name="s", path=sys.argv[1])
(piece,) = split(list_files(config), config, 1 << 40)
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
(reject,) = read(piece)
print(reject.reason, reject.detail)
"""


def test_a_machine_without_the_memory_leaves_the_file_for_another_run(tmp_path):
    (tmp_path / "a.jsonl.zst").write_bytes(with_window(zstd_stream(objects("a"), 20), 31))
    limited = [sys.executable, "-c", NO_MEMORY, str(tmp_path / "a.jsonl.zst")]
    answer = subprocess.run(limited, capture_output=True, text=True, check=True).stdout
    assert answer.startswith("unreadable zstd frame at byte 0: ")
    assert "not enough memory" in answer


def test_the_format_is_seen_behind_skippable_and_empty_members(read_bytes):
    skippable = (0x184D2A5F).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"hello"
    assert read_bytes(skippable + zstd(b"") + zstd(objects("a")), "part-0").texts == ["a"]
    assert read_bytes(gzip.compress(b"") + gzip.compress(objects("a")), "part-0").texts == ["a"]


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as container:
        for name, content in members:
            container.writestr(name, content)
    return out.getvalue()


def test_members_of_an_archive_are_files_of_their_own_formats(read_bytes):
    content = archive(("a.txt", b"one"), ("d/b.jsonl.gz", gzip.compress(objects("two"))), ("d/", b""))
    assert read_bytes(content, "a.zip").texts == ["one", "two"]


def test_damage_in_an_archive_stays_in_its_member(read_bytes):
    content = bytearray(archive(("a.txt", b"first " * 50), ("b.txt", b"second")))
    content[len("PK") + 28 + len("a.txt") + 4] ^= 0xFF  # behind the member's header
    reading = read_bytes(bytes(content), "a.zip")
    assert (reading.reasons, reading.texts) == (["corrupt"], ["second"])


def test_lines_before_the_damage_in_a_member_are_read(read_bytes):
    texts = [f"{zlib.crc32(b'%d' % n):08x}" * 9 for n in range(20_000)]
    content = bytearray(archive(("a.jsonl", objects(*texts))))
    content[len(content) * 3 // 4] ^= 0xFF
    reading = read_bytes(bytes(content), "a.zip")
    assert len(reading.texts) > 5000
    assert reading.rejects[-1].reason == "corrupt"


def test_an_archive_bomb_is_refused_unread(read_bytes):
    content = archive(("a.txt", bytes(20 << 20)), ("b.txt", b"text"))
    reading = read_bytes(content, "a.zip", max_decompressed_bytes=1 << 20)
    assert (reading.reasons, reading.texts) == (["decompression_bomb"], ["text"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"PK no archive", "corrupt"), (archive(), "empty"), (archive(("b.zip", archive())), "unsupported")],
)
def test_archives_that_cannot_be_read_are_one_reject(read_bytes, content, reason):
    assert read_bytes(content, "a.zip").reasons == [reason]


def test_encrypted_members_are_unsupported(read_bytes):
    content = bytearray(archive(("a.txt", b"secret")))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1  # the flag: encrypted
    assert read_bytes(bytes(content), "a.zip").reasons == ["unsupported"]


def test_a_name_that_an_archive_holds_twice_is_two_files(read_bytes):
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = archive(("a.txt", b"one"), ("a.txt", b"two"))
    assert read_bytes(content, "a.zip").texts == ["one", "two"]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_raises_or_loses_count(read_bytes, data):
    texts = [objects(*(f"text {part} {n}" for n in range(20))) for part in range(3)]
    suffix, make = data.draw(
        st.sampled_from(
            [
                ("jsonl", b"".join),
                ("jsonl.gz", lambda parts: b"".join(map(gzip.compress, parts))),
                ("jsonl.zst", lambda parts: b"".join(map(zstd, parts))),
                ("zip", lambda parts: archive(*((f"{n}.jsonl", part) for n, part in enumerate(parts)))),
            ]
        )
    )
    content = bytearray(make(texts))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    read_bytes(bytes(content), f"a.{suffix}", data.draw(st.integers(100, 5000)))
