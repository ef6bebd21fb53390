"""Ids of real text equal the library's, for tokenizers of many shapes, ours and other people's."""

import json
import zipfile
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from corpus import PARAGRAPHS
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import prose
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from pipelines.tokenizer.boundaries import SPLIT_PATTERNS
from pipelines.tokenizer.choice import choose_encoder
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.encode import Encoder
from pipelines.tokenizer.hard_texts import hard_texts
from pipelines.tokenizer.library import Library
from pipelines.tokenizer.load import LoadedTokenizer, parse
from pipelines.tokenizer.train import train

GPT_2, LLAMA_3, QWEN_2, O200K = SPLIT_PATTERNS


CODE = "def f(x):\n\n    return {'a': x[1:],\t\"b\": -0.5e10}  # don't\r\n\r\n\tif x<=3: pass\n"


@pytest.fixture(scope="module")
def sample() -> list[str]:
    """What tokenizers are trained on: many scripts, and English."""
    return [*(text[at : at + 200] for text in prose().values() for at in range(0, len(text), 200)), *PARAGRAPHS[:120]]


@pytest.fixture(scope="module")
def texts(sample) -> list[str]:
    whole = "\n\n".join(PARAGRAPHS)[:50_000]
    odd = [CODE, "", " ", "\n", "a" * 70_000, "<|endoftext|>[SEP] <s>"]
    return [*prose().values(), *sample, whole, *whole.splitlines(), *odd]


@pytest.fixture(scope="module")
def declarations(shared_data) -> list[str]:
    """The declaration of human rights in hundreds of languages, a speech, and articles of Wikipedia."""
    with zipfile.ZipFile(shared_data / "udhr" / "udhr.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith("-UTF8")]
        declarations = [archive.read(name).decode(errors="replace")[:1_000] for name in names]
    with zipfile.ZipFile(shared_data / "speeches" / "inaugural.zip") as archive:
        speech = archive.read(next(name for name in archive.namelist() if "Lincoln" in name)).decode("latin-1")
    wiki = (shared_data / "wikitext2" / "test.txt").read_text()[:50_000]
    return [*declarations, speech, wiki, *wiki.splitlines()]


def byte_level_bpe(vocab_size: int = 3_000) -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|endoftext|>"]
    return tokenizer, trainers.BpeTrainer(
        vocab_size=vocab_size, initial_alphabet=alphabet, special_tokens=special, show_progress=False
    )


def split_by(pattern: str, behavior: str = "isolated") -> pre_tokenizers.PreTokenizer:
    split = pre_tokenizers.Split(Regex(pattern), behavior, invert=behavior == "removed")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])


def gpt_2(prefix: bool) -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer, trainer = byte_level_bpe()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.post_processor = processors.ByteLevel()
    return tokenizer, trainer


def llama_3() -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer, trainer = byte_level_bpe()
    tokenizer.model = models.BPE(ignore_merges=True)
    tokenizer.pre_tokenizer = split_by(LLAMA_3)
    return tokenizer, trainer


def qwen_2() -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer, trainer = byte_level_bpe()
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = split_by(QWEN_2)
    return tokenizer, trainer


def o200k() -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer, trainer = byte_level_bpe()
    tokenizer.pre_tokenizer = split_by(O200K, "removed")
    return tokenizer, trainer


def starcoder() -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer, trainer = byte_level_bpe()
    steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    return tokenizer, trainer


def unigram_metaspace(scheme: str) -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    trainer = trainers.UnigramTrainer(
        vocab_size=1_000, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False
    )
    return tokenizer, trainer


def bpe_metaspace() -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=3_000, limit_alphabet=100, special_tokens=special, show_progress=False)
    return tokenizer, trainer


def bpe_whitespace(**affixes: str) -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", fuse_unk=not affixes, **affixes))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=3_000, limit_alphabet=200, special_tokens=["[UNK]"], show_progress=False, **affixes
    )
    return tokenizer, trainer


def word_level() -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer, trainers.WordLevelTrainer(vocab_size=3_000, special_tokens=["<unk>"], show_progress=False)


def llama_2() -> tuple[Tokenizer, trainers.Trainer]:
    tokenizer, trainer = bpe_metaspace()
    tokenizer.pre_tokenizer = None
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return tokenizer, trainer


SHAPES: dict[str, Callable[[], tuple[Tokenizer, trainers.Trainer]]] = {
    "GPT-2": lambda: gpt_2(False),
    "GPT-2 with a space in front": lambda: gpt_2(True),
    "Llama 3": llama_3,
    "Qwen 2": qwen_2,
    "o200k": o200k,
    "StarCoder": starcoder,
    "Unigram, Metaspace always": lambda: unigram_metaspace("always"),
    "Unigram, Metaspace first": lambda: unigram_metaspace("first"),
    "BPE, Metaspace, byte fallback": bpe_metaspace,
    "BPE, Whitespace": bpe_whitespace,
    "BPE, continuing subwords": lambda: bpe_whitespace(continuing_subword_prefix="##"),
    "BPE, ends of words": lambda: bpe_whitespace(end_of_word_suffix="</w>"),
    "WordLevel": word_level,
    "Llama 2": llama_2,
}
# Not Llama 2: fastokens reads it, but makes the token <0x00> of a text that spells it.
FAST = {
    "GPT-2",
    "GPT-2 with a space in front",
    "Llama 3",
    "Qwen 2",
    "o200k",
    "StarCoder",
    "bpe",
    "bpe, NFC",
}
OWN = {
    "bpe": TokenizerConfig(kind="bpe", vocab_size=3_000),
    "bpe, NFC": TokenizerConfig(kind="bpe", vocab_size=3_000, unicode_form="NFC"),
    "unigram": TokenizerConfig(kind="unigram", vocab_size=3_000),
    "wordpiece": TokenizerConfig(kind="wordpiece", vocab_size=3_000),
    "wordpiece, cased": TokenizerConfig(kind="wordpiece", vocab_size=3_000, lowercase=False, strip_accents=False),
}


@pytest.fixture(scope="module", params=[*SHAPES, *OWN])
def tokenizer(request, sample) -> LoadedTokenizer:
    if request.param in OWN:
        return train(sample, OWN[request.param])
    blank, trainer = SHAPES[request.param]()
    if request.param == "Llama 2":  # without a splitter the library would train on whole texts as words
        normalizer, blank.pre_tokenizer, blank.normalizer = blank.normalizer, pre_tokenizers.Metaspace(), None
        blank.train_from_iterator(sample, trainer)
        blank.pre_tokenizer, blank.normalizer = None, normalizer
    else:
        blank.train_from_iterator(sample, trainer)
    return parse(blank.to_str())


def ids_of(encoder: Encoder, texts: list[str]) -> list[bytes]:
    return encoder.encode(pa.array(texts))[0].to_pylist()


class WholeTexts:
    """The peer: one encoding for each whole text."""

    def __init__(self, tokenizer: LoadedTokenizer) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.json)
        self._tokenizer.encode_special_tokens = True
        self._dtype = tokenizer.dtype

    def ids_of(self, texts: list[str]) -> list[bytes]:
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [np.array(encoding.ids, self._dtype).tobytes() for encoding in encodings]


@pytest.fixture(params=["chosen", "tokenizers"])
def encoder(request, tokenizer) -> Encoder:
    return Encoder(tokenizer, choose_encoder(tokenizer, []).name if request.param == "chosen" else "tokenizers")


def test_fastokens_is_chosen_for_what_it_reads(tokenizer, texts, request):
    shape = request.node.callspec.params["tokenizer"]
    choice = choose_encoder(tokenizer, texts)
    assert choice.name == ("fastokens" if shape in FAST else "tokenizers"), choice.why


def test_real_text_in_many_languages(encoder, tokenizer, texts):
    assert ids_of(encoder, texts) == WholeTexts(tokenizer).ids_of(texts)


def test_declarations_of_human_rights(encoder, tokenizer, declarations):
    assert ids_of(encoder, declarations) == WholeTexts(tokenizer).ids_of(declarations)


def test_hard_texts(encoder, tokenizer):
    texts = hard_texts(tokenizer.tokens_without_merge)
    assert ids_of(encoder, texts) == WholeTexts(tokenizer).ids_of(texts)


def test_any_text(encoder, tokenizer):
    library = WholeTexts(tokenizer)  # one encoder for all: what it has seen must not matter

    @settings(max_examples=50, deadline=None)
    @given(
        st.lists(
            st.text(max_size=30) | st.text(st.sampled_from("ab' é\n.1▁#汉sſ"), max_size=30), min_size=1, max_size=4
        )
    )
    def holds(texts):
        assert ids_of(encoder, texts) == library.ids_of(texts)

    holds()


def test_every_character_between_others(tokenizer, encoder):
    points = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000][
        ::17
    ]  # no block of Unicode is a multiple of 17
    texts = [
        "".join(f"a{chr(point)}b {chr(point)} 1{chr(point)}\n" for point in points[at::1_000]) for at in range(1_000)
    ]
    assert ids_of(encoder, texts) == WholeTexts(tokenizer).ids_of(texts)


def test_every_shape_but_one_is_cut(tokenizer):
    whole = json.loads(tokenizer.json)["pre_tokenizer"] is None
    assert Library(tokenizer.json).path.startswith("whole texts" if whole else "distinct segments")


@pytest.mark.parametrize(
    "token", [AddedToken("<tool>"), AddedToken("tion"), AddedToken("  "), AddedToken("New York")], ids=str
)
@pytest.mark.parametrize("encoder", ["fastokens", "tokenizers"])
def test_added_tokens_that_are_not_special_are_found(token, encoder, sample):
    blank, trainer = llama_3()
    blank.train_from_iterator(sample, trainer)
    blank.add_tokens([token])
    tokenizer = parse(blank.to_str())
    spelled = [f"the {token.content}nation{token.content} 's{token.content}", *sample]
    ids = ids_of(Encoder(tokenizer, encoder), spelled)
    assert tokenizer.vocabulary[token.content] in np.frombuffer(ids[0], tokenizer.dtype)
    assert ids == WholeTexts(tokenizer).ids_of(spelled)
