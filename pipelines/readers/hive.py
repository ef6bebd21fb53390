"""Column values in names of folders, where Hive, Spark and others write partitions: `lang=de/part-0.parquet`."""

from urllib.parse import unquote

from pipelines.readers.storage import storable_path

NULL = "__HIVE_DEFAULT_PARTITION__"


def partition(location: str, relative: str = "") -> tuple[tuple[str, str], ...]:
    """(column, value) of the folders that a file is in, percent-decoded; a folder for null gives none.

    Counts the folders of `relative`, the file's path below its source's root, and those that the root ends in: what
    the source names, not where it is mounted. The innermost folder of a name wins.
    """
    above = location.removesuffix(relative).rstrip("/").split("/")
    names = [*_last_partitions(above), *relative.split("/")[:-1]]
    pairs = (name.partition("=") for name in names if "=" in name.removeprefix("="))
    values = {_decoded(column): _decoded(value) for column, _, value in pairs}
    return tuple((column, value) for column, value in values.items() if value != NULL)


def _last_partitions(folders: list[str]) -> list[str]:
    start = len(folders)
    while start and "=" in folders[start - 1]:
        start -= 1
    return folders[start:]


def _decoded(name: str) -> str:
    return storable_path(unquote(name, errors="surrogateescape"))
