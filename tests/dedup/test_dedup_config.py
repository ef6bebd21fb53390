import pytest
from pydantic import ValidationError

from pipelines.dedup.config import DedupConfig, MinHashConfig


def test_what_would_find_nothing_is_refused():
    with pytest.raises(ValidationError, match="find nothing"):
        DedupConfig(exact=False, minhash=None)


def test_signatures_outlive_a_change_of_threshold_but_not_of_seed():
    signed = DedupConfig().signing_fingerprint()
    assert DedupConfig(exact=False, minhash=MinHashConfig(threshold=0.9, verify=False)).signing_fingerprint() == signed
    assert DedupConfig(minhash=MinHashConfig(seed=2)).signing_fingerprint() != signed
