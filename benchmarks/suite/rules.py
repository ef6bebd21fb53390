"""The cleaning rules: in the kernels, and as a stage."""

from benchmarks.environments import ours, peer
from benchmarks.results import Found, Goal, Row
from benchmarks.setting import Setting, count_lines, ingested, our_run, peer_run


def rules_kernel(setting: Setting) -> Found:
    """All cleaning rules in the kernels, one core.

    Documents per second of CPU time of one process on one core, text in memory, imports not counted, English rules for
    all on both sides. Ours takes every measure of every rule set; the decision in plain Python has a line of its own
    (a stage decides in its engine). datatrove's four filters run one after the other as in its pipelines, so a dropped
    document goes no further, and on this corpus most are dropped; "every filter" sends each document through all four,
    which is the work that ours does. Cold is the first slice of a new process, so it has the cost of loading compiled
    kernels and word rules in it; warm is a second slice of other documents.
    """
    texts = setting.texts(setting.sizes[-1])
    limit = ["--limit", str(setting.samples.kernel)]
    mine = ours("rules.py", 1, "--input", texts, *limit).said()
    options = ["--input", texts, "--output", setting.work / "peer", *limit]
    peers = peer("datatrove", "peer.py", setting.cache, 1, "rules", *options).said()
    found, theirs = mine["measured"], peers["measured"]
    for name in ("first", "warm"):
        if found[name]["kept"] != theirs[name]["kept"]:
            print(f"rules: {name}: ours keeps {found[name]['kept']}, datatrove {theirs[name]['kept']}", flush=True)

    def rate(entry: dict[str, float]) -> float:
        return entry["documents"] / entry["cpu_seconds"]

    decided = found["warm"]["documents"] / (found["warm"]["cpu_seconds"] + found["decide warm"]["cpu_seconds"])
    rows = [
        Row("cold", "docs/s", rate(found["first"]), rate(theirs["first"]), "datatrove"),
        Row("warm", "docs/s", rate(found["warm"]), rate(theirs["warm"]), "datatrove", goal=50),
        Row("warm, every filter", "docs/s", rate(found["warm"]), rate(theirs["every"]), "datatrove", goal=50),
        Row("warm, deciding in Python too", "docs/s", decided, rate(theirs["warm"]), "datatrove"),
    ]
    return Found(rows, versions={**mine["versions"], **peers["versions"]})


def rules_stage(setting: Setting) -> Found:
    """All cleaning rules as a stage.

    Whole commands; "work" is what the goal compares: the stage in ours, the executor's run in datatrove. Ours
    reads Delta and writes Delta: tables `measures` (every measure, the text as read and as C4's line rules leave
    it) and `decisions`, two commits. Words are split by each document's own language. datatrove reads and writes
    JSON lines through the four filters with its local executor, its workers' start and imports included, English
    rules for all. A document that it drops goes no further; "every filter" takes each document through all four,
    which is the work that ours does, and writes all of them. "Out" is documents kept.
    """
    found = Found()
    for size in setting.sizes:
        texts = setting.texts(size)
        count = count_lines(texts)
        group = f"{count:,} documents"
        ours = {}
        for engine in setting.engines_at(size):
            lake = ingested(setting, size).copy(f"cleaned-{size}-{engine}", engine)
            lake.configure(clean={"policy": setting.rules()})
            command = lake.stage("clean")
            kept = sum(lake.table("decisions", "kept")["kept"].to_pylist())
            ours[engine] = our_run(group, engine, command, count, kept, "clean")
        options = ["--input", texts, "--output", setting.work / "peer", "--cores", str(setting.cores)]
        peers = {}
        for step, who, folder in (
            ("clean", "datatrove", "kept"),
            ("clean_every", "datatrove, every filter", "cleaned"),
        ):
            finished = peer("datatrove", "peer.py", setting.cache, setting.cores, step, *options)
            said = finished.said()
            found.versions |= said["versions"]
            seconds, left = said["measured"][step]["seconds"], said["measured"]["results"][folder]
            peers[step] = peer_run(group, who, finished, seconds, count, left)
        found.runs += [*ours.values(), *peers.values()]
        if size == 5_000:
            for engine, run in ours.items():
                ratio = (peers["clean_every"].inner or 0) / (run.inner or 1)
                what = f"rules as a stage, {group}: times datatrove, every filter"
                found.goals.append(Goal(what, engine, ratio, "×", least=20))
    return found
