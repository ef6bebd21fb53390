"""The switch from our kernels back to the libraries that they replace: `TOKENLAKE_REFERENCE=spacy,fasttext,xxhash`.

Results are the same with the switch and without it (docs/decisions/0012 to 0014), so it is no part of a configuration
and of no fingerprint. On a cluster, executors need the variable too (`spark.executorEnv.TOKENLAKE_REFERENCE`).
"""

import os
from typing import Literal, get_args

VARIABLE = "TOKENLAKE_REFERENCE"

Library = Literal["spacy", "fasttext", "xxhash"]


def uses_library(name: Library) -> bool:
    """Whether the library itself does the work, instead of our kernels.

    Raises:
        ValueError: the variable names something else.
    """
    named = {entry.strip() for entry in os.environ.get(VARIABLE, "").split(",")} - {""}
    unknown = named - set(get_args(Library))
    if unknown:
        raise ValueError(f"{VARIABLE}: {', '.join(sorted(unknown))} is none of {', '.join(get_args(Library))}")
    return name in named
