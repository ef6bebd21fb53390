"""Checks that the files a configuration names exist and can be used, before an engine starts."""

import re
from collections.abc import Sequence
from datetime import date

from features.computation.config import FeaturesConfig
from jobs.cli import UsageError
from jobs.config import CleanConfig, RunConfig
from jobs.dates import sources_of
from jobs.stage_choice import stages_of
from pipelines.bitext.config import PairsConfig
from pipelines.contamination.config import DecontaminateConfig
from pipelines.readers.path_patterns import is_pattern
from pipelines.rules.config import MeasureConfig
from pipelines.storage.local_copy import local_copy
from pipelines.storage.storage import Storage
from pipelines.storage.uri import LakeUri, is_local, lake_root
from pipelines.urls.url_lists import UrlConfig


def check(config: RunConfig, stages: Sequence[str], day: date | None = None) -> None:
    """Opens every file that the configuration of these stages names; sources are those that a run of `day` reads.

    Raises:
        UsageError: a file cannot be used; the message names the key, the file and the reason.
    """
    stages = stages_of(config, stages)
    _lake(config.lake)
    if "ingest" in stages:
        _sources(config, day)
        _language_model(config)
    if "clean" in stages:
        _classifiers(config.clean.measure)
        _policy(config.clean, "clean.policy")
        _url_lists(config.clean.urls)
        _benchmarks(config.decontaminate)
    if "dedup" in stages:
        _other_lakes(config)
    if "pairs" in stages:
        _pairs(config.pairs)
    if {"tokenize", "pack"} & set(stages):
        _tokenizer(config)
        _translation(config)
    if "features" in stages:
        _feature_files(config.features)


# delta-rs reads `%41` as an escape and a backslash as a slash, and refuses control characters.
_UNNAMEABLE = re.compile(r"%[0-9A-Fa-f]{2}|\\|[\x00-\x1f\x7f]")


def _lake(lake: str) -> None:
    found = _UNNAMEABLE.search(lake) if is_local(lake) else None
    if found:
        raise UsageError(
            f"lake: {lake}: a lake's path may not hold {found[0]!r}: delta-rs cannot open tables under it"
        )


def _sources(config: RunConfig, day: date | None) -> None:
    if not config.sources and not Storage(config.lake).exists("documents"):
        raise UsageError("sources: there is nothing to read: name a source, or add --input PATH")
    read = sources_of(config.sources, day)
    for number, source in enumerate(config.sources):
        for path in source.paths if source in read else ():
            uri = LakeUri.parse(path)
            if uri.is_local and not is_pattern(path) and not uri.path.exists():
                raise UsageError(f"sources.{number}.path: {path}: no such file or folder (source {source.name})")


def _pairs(pairs: PairsConfig) -> None:
    if not pairs.sources:
        return
    from pipelines.bitext.policies.files import PairPolicyError, load

    for number, source in enumerate(pairs.sources):
        for path in source.as_files().paths:
            uri = LakeUri.parse(path)
            if uri.is_local and not is_pattern(path) and not uri.path.exists():
                raise UsageError(f"pairs.sources.{number}.path: {path}: no such file or folder (source {source.name})")
    try:
        policy = load(pairs.policy)
    except PairPolicyError as error:
        raise UsageError(f"pairs.policy: {error}") from error
    if policy.identifies_languages and not pairs.identify_languages:
        raise UsageError(
            f"pairs.policy: {policy.name} looks at the identified languages: set pairs.identify_languages to true"
        )


def _is_file(path: str) -> bool:
    """Whether a file is there; of other machines it is asked when it is read."""
    uri = LakeUri.parse(path)
    return not uri.is_local or uri.path.is_file()


def _language_model(config: RunConfig) -> None:
    model = config.ingest.language_model
    if model and not _is_file(model):
        raise UsageError(f"ingest.language_model: {model}: no such file")


def _classifiers(measure: MeasureConfig) -> None:
    from pipelines.language.fasttext_model import read_labels
    from pipelines.language.scoring import LabelError, number_of

    for number, each in enumerate(measure.classifiers):
        key = f"clean.measure.classifiers.{number}"
        try:
            number_of(each.label, read_labels(local_copy(each.model)), each.model)
        except LabelError as error:
            raise UsageError(f"{key}.label: {error}") from error
        except FileNotFoundError as error:
            raise UsageError(f"{key}.model: {each.model}: no such file") from error
        except (ValueError, OSError) as error:
            raise UsageError(f"{key}.model: {error}") from error


def _policy(clean: CleanConfig, key: str) -> None:
    from pipelines.policies.files import PolicyError, load
    from pipelines.policies.spark import UnmeasuredError, require_named

    try:
        require_named(load(clean.policy), [each.name for each in clean.measure.classifiers])
    except (PolicyError, UnmeasuredError) as error:
        raise UsageError(f"{key}: {error}") from error


def _url_lists(urls: UrlConfig) -> None:
    for kind in ("domains", "urls", "words", "soft_words"):
        for path in getattr(urls, kind):
            if not _is_file(path):
                raise UsageError(f"clean.urls.{kind}: {path}: no such file")


def _other_lakes(config: RunConfig) -> None:
    for number, lake in enumerate(config.dedup.against):
        key = f"dedup.against.{number}: {lake}"
        if lake_root(lake) == lake_root(config.lake):
            raise UsageError(f"{key}: a lake cannot be compared with itself: name another one")
        if not Storage(lake_root(lake)).exists("clean_documents"):
            raise UsageError(f"{key}: there are no clean documents: `tokenlake run CONFIG --lake {lake}` makes a lake")


def _benchmarks(config: DecontaminateConfig) -> None:
    from pipelines.contamination.benchmarks import BenchmarkError, read

    for number, benchmark in enumerate(config.benchmarks):
        try:
            read(benchmark)
        except BenchmarkError as error:
            raise UsageError(f"decontaminate.benchmarks.{number}: {error}") from error


def _feature_files(features: FeaturesConfig) -> None:
    named = [(f"bitext.{number}.path", each.path) for number, each in enumerate(features.bitext)]
    named += [(f"glossary.{number}", path) for number, path in enumerate(features.glossary)]
    named += [("clients", features.clients)] if features.clients else []
    named += [(f"requests.{number}", path) for number, path in enumerate(features.requests)]
    for key, path in named:
        if not _is_file(path):
            raise UsageError(f"features.{key}: {path}: no such file")


def _tokenizer(config: RunConfig) -> None:
    """A tokenizer to load must exist, unless the lake has a copy, and have the tokens that packing needs."""
    named = config.tokenizer
    if named.load is None:
        _special_tokens(config)
    copy = f"tokenizers/{named.name}-{named.fingerprint()}.json"
    if named.load is None or Storage(config.lake).exists(copy):
        return
    from pipelines.tokenizer.load import TokenizerError, load

    try:
        loaded = load(named.load)
    except TokenizerError as error:
        raise UsageError(f"tokenizer.load: {error}") from error
    for number, packing in enumerate(config.pack):
        try:
            loaded.separator(packing.separator)
            loaded.padding(packing.pad, packing.separator)
        except TokenizerError as error:
            raise UsageError(f"pack.{number}: {error} (the tokenizer is {named.load})") from error
    for number, masked in enumerate(config.masked):
        try:
            loaded.class_token(masked.start)
            loaded.mask(masked.mask)
            loaded.between_segments(masked.separator)
            loaded.padding(masked.pad, masked.separator)
        except TokenizerError as error:
            raise UsageError(f"masked.{number}: {error} (the tokenizer is {named.load})") from error
    for number, translation in enumerate(config.translation):
        try:
            loaded.separator(translation.separator)
            loaded.padding(translation.pad, translation.separator)
        except TokenizerError as error:
            raise UsageError(f"translation.{number}: {error} (the tokenizer is {named.load})") from error


def _translation(config: RunConfig) -> None:
    if config.translation and not config.pairs.sources and not Storage(config.lake).exists("clean_pairs"):
        raise UsageError("translation: there are no sentence pairs: name files of them under pairs.sources")


def _special_tokens(config: RunConfig) -> None:
    """Rows for a masked language model need tokens that a tokenizer has only where its training names them."""
    from pipelines.tokenizer.load import CLASS, MASK

    there = config.tokenizer.special_tokens
    for number, masked in enumerate(config.masked):
        for key, token, usual in (("start", masked.start, CLASS), ("mask", masked.mask, MASK)):
            if token is None and not set(usual) & set(there):
                raise UsageError(
                    f"masked.{number}.{key}: the tokenizer that this configuration trains has none of "
                    f"{', '.join(usual)}: add one to tokenizer.special_tokens (now {', '.join(there)}), which trains "
                    "another tokenizer, or take `kind: wordpiece`, which has them"
                )
