"""What a user is told when a store refuses."""

import pytest

from pipelines.storage.errors import StorageError


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("s3://bucket/lake", "AWS_ACCESS_KEY_ID"),
        ("gs://bucket/lake", "GOOGLE_SERVICE_ACCOUNT"),
        ("abfss://container@account.dfs.core.windows.net/lake", "AZURE_STORAGE_ACCOUNT_NAME"),
        ("az://container/lake", "AZURE_STORAGE_ACCOUNT_NAME"),
    ],
)
def test_missing_keys_are_those_of_the_store_that_was_asked(path, keys):
    said = str(StorageError.of(path, OSError("Error performing token request to http://169.254.169.254/latest")))
    assert f"Set {keys}" in said
    assert path.startswith("s3") or "AWS_" not in said


def test_a_wrong_region_is_told_with_the_variable_to_set():
    answer = (
        "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region &#34;x&#34; is wrong</Message></Error>"
    )
    assert "Set AWS_REGION" in str(StorageError.of("s3://bucket/lake", OSError(answer)))
