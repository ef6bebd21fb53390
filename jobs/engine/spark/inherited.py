"""What a process that has had a session of Spark Connect hands to its children, and classic Spark must not see."""

import os
from collections.abc import Mapping

REMOTE = ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED")
"""With either of these variables, pyspark makes a session of Spark Connect. A session leaves the second one set."""


def environment_of_classic_spark(inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """An environment without the variables that ask for Spark Connect."""
    return {name: value for name, value in inherited.items() if name not in REMOTE}
