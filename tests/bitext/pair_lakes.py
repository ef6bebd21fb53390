"""Small lakes of sentence pairs, and the stage on them."""

from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake


class PairLake:
    """A lake, a folder of files in one source, and settings of section `pairs`."""

    def __init__(self, engine, folder, **settings) -> None:
        self.engine, self.folder, self.settings = engine, folder / "input", settings
        self.lake = Lake(str(folder / "lake"), engine)
        self.folder.mkdir()

    def config(self) -> RunConfig:
        source = {"name": "test", "path": str(self.folder), "languages": ["en", "de"]}
        settings = {"policy": "none", "sources": [source], **self.settings}
        return RunConfig.model_validate({"lake": self.lake.root, "pairs": settings})

    def run(self, **files: str | None) -> "PairLake":
        """Writes TSV files (None: deletes one), and runs the stage."""
        for name, content in files.items():
            path = self.folder / f"{name}.tsv"
            path.unlink() if content is None else path.write_text(content)
        assert run_stages(self.engine, self.config(), Reporter(), ("pairs",), conclude=False) == 0
        return self

    def rows(self, table: str, *columns: str) -> list:
        """Rows of a table, sorted; as tuples of the columns."""
        return sorted(tuple(row) for row in self.lake.read(table).select(*columns).collect())

    def clean(self) -> list[tuple[str, str]]:
        return self.rows("clean_pairs", "source_text", "target_text")

    def versions(self) -> dict[str, int]:
        return {name: self.lake.version(name) for name in self.lake.tables() if name != "runs"}

    def mode(self, table: str) -> str:
        return self.lake.last_own_commit(table).metadata.mode
