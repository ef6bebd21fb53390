"""Trains a tokenizer: the same texts in the same order give the same file, byte for byte.

The library's trainers count words in hash maps with a random seed. This does not affect byte-level BPE, whose alphabet
is sorted. It affects WordPiece and Unigram, which are trained by `wordpiece.py` and `unigram.py` instead.
"""

import itertools
from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from pipelines.tokenizer import unigram, wordpiece
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.load import LoadedTokenizer, TokenizerError, parse


def train(texts: Iterable[str], config: TokenizerConfig) -> LoadedTokenizer:
    """Trains on `texts`, in their order.

    Raises:
        TokenizerError: there is no text to train on.
    """
    texts = iter(texts)
    first = next((text for text in texts if text.strip()), None)
    if first is None:
        raise TokenizerError(f"the tokenizer {config.name} has no text to train on: is clean_documents empty?")
    texts = itertools.chain([first], texts)
    blank = blank_tokenizer(config)
    match config.kind:
        case "bpe":
            blank.train_from_iterator(texts, _bpe_trainer(config))
        case "unigram":
            blank.model = unigram.train(texts, blank, config)
        case "wordpiece":
            blank.model = wordpiece.train(texts, blank, config)
    blank.add_special_tokens(list(config.special_tokens))
    return parse(blank.to_str(), f"the trained tokenizer {config.name}")


def blank_tokenizer(config: TokenizerConfig) -> Tokenizer:
    """A tokenizer without vocabulary: how it normalises, splits and decodes."""
    form = [getattr(normalizers, config.unicode_form)()] if config.unicode_form else []
    if config.kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        form.append(normalizers.BertNormalizer(lowercase=config.lowercase, strip_accents=config.strip_accents))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
    else:
        tokenizer = Tokenizer(models.BPE() if config.kind == "bpe" else models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
        tokenizer.decoder = decoders.ByteLevel()
    if form:
        tokenizer.normalizer = normalizers.Sequence(form)
    return tokenizer


def _bpe_trainer(config: TokenizerConfig) -> trainers.BpeTrainer:
    return trainers.BpeTrainer(
        vocab_size=config.vocab_size,
        min_frequency=config.min_frequency,
        special_tokens=list(config.special_tokens),
        initial_alphabet=sorted(
            pre_tokenizers.ByteLevel.alphabet()
        ),  # all 256 bytes, so that every text can be encoded
        show_progress=False,
    )
