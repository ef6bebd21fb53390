"""Tokens of texts, with the tokenizer that made the lake's tokens."""

import pyarrow as pa
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from jobs.stages.token_counts import TokenCounter, token_counter, tokenizer_in_force
from lake.lake import Lake
from pipelines.errors import MissingPathError
from pipelines.tokenizer.load import parse


def counter(model):
    made = Tokenizer(model)
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return TokenCounter(parse(made.to_str()).json)


VOCABULARY = {"[UNK]": 0, "good": 1, "morn": 2, "##ing": 3, "!": 4}
PIECES = [(piece, -1.0) for piece in ("<unk>", "g", "o", "d", "!")]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (models.WordPiece(VOCABULARY, unk_token="[UNK]"), [(4, 0), (2, 1), (0, 0), (1, 1)]),
        (models.Unigram(PIECES, unk_id=0), [(9, 2), (3, 1), (0, 0), (1, 1)]),
    ],
    ids=["wordpiece", "unigram"],
)
def test_tokens_and_unknown_ones_are_counted_for_each_text(model, expected):
    tokens, unknown = counter(model)(pa.array(["good morning!", "evening !", "", "你好"]))
    assert list(zip(tokens.to_pylist(), unknown.to_pylist(), strict=True)) == expected


def test_a_byte_level_tokenizer_knows_every_text(lake):
    counted = token_counter(Lake(lake), tokenizer_in_force(Lake(lake)))
    tokens, unknown = counted(pa.array(["Grüße, 世界!"]))
    assert (tokens[0].as_py() > 1, unknown.to_pylist()) == (True, [0])


def test_a_lake_without_tokens_has_no_tokenizer_in_force_and_a_lost_file_is_named(tmp_path):
    assert tokenizer_in_force(Lake(str(tmp_path))) is None
    with pytest.raises(MissingPathError, match="has no file of the tokenizer abc, which made the table tokens"):
        token_counter(Lake(str(tmp_path)), "abc")
