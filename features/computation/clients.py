"""Current clients and what they use."""

import pyarrow as pa

from features.catalogue.client import CLIENT_PROFILE
from features.computation.input_file import InputFile
from features.computation.records import entities


def client_profile(files: list[InputFile]) -> pa.Table:
    """Files with the columns client_id, domain, tier, requests_per_minute, characters_per_day and updated_at -> the
    features of view `client_profile` with their event times.

    Raises:
        InputFileError: as `entities`.
    """
    return entities(files, CLIENT_PROFILE)
