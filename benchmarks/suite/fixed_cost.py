"""What a run costs however little it reads."""

from benchmarks.results import Row
from benchmarks.setting import Setting, tokenizer

DOCUMENTS = 100


def fixed_cost(setting: Setting) -> tuple[list[Row], dict[str, str]]:
    """Fixed cost: a run of 100 documents, all cores.

    `tokenlake run` on JSON lines, whole command, JVM and report included, and where its seconds go. "around" is
    Python's start, the record of the run and the JVM's end.
    """
    lake = setting.lake("hundred").configure(
        sources=[{"name": "texts", "path": str(setting.texts(DOCUMENTS) / "*.jsonl")}],
        clean={"policy": "none"},
        tokenizer={"name": "bench", "load": str(tokenizer(setting))},
        pack=[{"name": "causal", "length": 1024}],
    )
    command = lake.run()
    rows = [Row("whole command", "s", command.seconds, goal=45), Row("session", "s", command.session)]
    rows += [Row(f"stage `{name}`", "s", seconds) for name, seconds in command.stages.items()]
    return [*rows, Row("around", "s", command.around)], {}
