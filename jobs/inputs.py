"""`--input PATH`: sources that the command line gives by their paths."""

from typing import Any

from jobs.config import RunConfig
from lake.contract import require
from lake.lake import Lake
from pipelines.errors import MissingPathError
from pipelines.readers.finding import root_of
from pipelines.readers.path_patterns import is_pattern
from pipelines.storage.uri import LakeUri, lake_root


def add_inputs(paths: list[str], only: bool, data: dict[str, Any]) -> None:
    """Adds a source for each path to the data of a configuration; with `only` they replace its sources.

    This happens before `--set`, which can therefore address them: `--set sources.0.text_column=content`.

    Raises:
        MissingPathError: a local path does not exist.
    """
    for path in paths:
        uri = LakeUri.parse(path)
        if uri.is_local and not is_pattern(path) and not uri.path.exists():
            raise MissingPathError(f"--input {path}: no such file or folder")
    if not paths:
        return
    kept = [] if only else list(data.get("sources") or [])
    data["sources"] = [*kept, *({"name": _placeholder(n), "path": path} for n, path in enumerate(paths))]


def with_known_names(config: RunConfig, count: int) -> RunConfig:
    """Names the last `count` sources after their paths, as the lake knows them, unless `--set` has named them.

    Raises:
        ContractError: the lake follows another contract.
    """
    from jobs.stages.known_sources import known_sources, name_of_input

    lake = Lake(lake_root(config.lake))
    require(lake)
    known = known_sources(lake)
    sources = list(config.sources)
    for number in range(count):
        place = len(sources) - count + number
        source = sources[place]
        if source.name == _placeholder(number):
            taken = {other.name for other in sources}
            name = name_of_input(source.paths[0], root_of(source), known, taken)
            sources[place] = source.model_copy(update={"name": name})
    return config.model_copy(update={"sources": tuple(sources)})


def _placeholder(number: int) -> str:
    return f"--input {number}"
