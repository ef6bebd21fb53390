"""What a run costs however little it reads."""

from benchmarks.results import Found, Goal, Row
from benchmarks.setting import Setting, hundred, our_run, tokenizer


def small(setting: Setting) -> Found:
    """Small runs: 100 documents, nothing new, the quickstart.

    `tokenlake run`, whole commands, report included: JSON lines of 100 documents with a tokenizer loaded from a
    file; the same command again on the same lake, with nothing new to read; and `examples/quickstart.yaml`, which
    reads the documentation of this environment's packages and trains a tokenizer. "In" is documents, "out" those
    tokenized. Below it: where the seconds of the first go; "around" is what lies outside of session and stages.
    """
    found = Found()
    for engine in setting.engines:
        lake = setting.lake(f"hundred-{engine}", engine).configure(
            sources=[{"name": "texts", "path": str(hundred(setting) / "*.jsonl")}],
            clean={"policy": "none"},
            tokenizer={"name": "bench", "load": str(tokenizer(setting))},
            pack=[{"name": "causal", "length": 1024}],
        )
        example = setting.lake(f"quickstart-{engine}", engine)
        first, again, quickstart = lake.run(), lake.again(), example.example("quickstart.yaml")
        for group, command, of in (
            ("100 documents", first, lake),
            ("nothing new", again, lake),
            ("quickstart", quickstart, example),
        ):
            documents = 0 if command is again else of.rows("documents")
            tokenized = 0 if command is again else of.rows("tokens")
            found.runs.append(our_run(group, engine, command, documents, tokenized))
        found.goals += [
            Goal("100 documents, whole command", engine, first.seconds, "s", most=6, aim=4),
            Goal("the same again, nothing new", engine, again.seconds, "s", most=2),
            Goal("quickstart", engine, quickstart.seconds, "s", most=15),
            Goal("quickstart: peak memory", engine, quickstart.peak_mb / 1024, "GB", most=1),
        ]
        parts = {"session": first.session, **first.stages, "around": first.around}
        found.rows += [Row(f"100 documents, {engine}: {name}", "s", seconds) for name, seconds in parts.items()]
    found.runs.sort(key=lambda run: ("100 documents", "nothing new", "quickstart").index(run.group))
    return found
