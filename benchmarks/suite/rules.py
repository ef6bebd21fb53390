"""The cleaning rules: in the kernels, and as a stage."""

from benchmarks.environments import ours, peer
from benchmarks.results import Row
from benchmarks.setting import Setting, cleaned, count_lines, each_further


def rules_kernel(setting: Setting) -> tuple[list[Row], dict[str, str]]:
    """All cleaning rules in the kernels, one core.

    Documents per second of CPU time of one process on one core, text in memory, imports not counted, English rules for
    all on both sides. Ours takes every measure of every rule set; the decision in plain Python has a line of its own
    (a stage decides in the JVM). datatrove's four filters run one after the other as in its pipelines, so a dropped
    document goes no further, and on this corpus most are dropped; "every filter" sends each document through all four,
    which is the work that ours does. Cold is the first slice of a new process, so it has the cost of loading compiled
    kernels and word rules in it; warm is a second slice of other documents.
    """
    limit = ["--limit", str(setting.sizes.kernel)]
    mine = ours("rules.py", 1, "--input", setting.texts(), *limit).said()
    options = ["--input", setting.texts(), "--output", setting.work / "peer", *limit]
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
    return rows, {**mine["versions"], **peers["versions"]}


def rules_stage(setting: Setting) -> tuple[list[Row], dict[str, str]]:
    """All cleaning rules as a stage, all cores.

    Documents per second. Ours reads Delta and writes Delta: tables `measures` (every measure, and the text that goes
    on) and `decisions`, two commits; "command" adds Python, the JVM's start and the record of the run. Words are split
    by each document's own language. datatrove reads and writes JSON lines through the four filters with its local
    executor, its workers' start and imports included, English rules for all. A document that it drops goes no further;
    "every filter" takes each document through all four, which is the work that ours does, on as many documents as our
    smaller run. "Each further document" is what those beyond a smaller run take.
    """
    texts, size = setting.texts(), setting.sizes.small
    documents, fewer = count_lines(texts), count_lines(setting.texts(size))
    command, small = cleaned(setting)[1], cleaned(setting, size)[1]
    options = ["--input", texts, "--output", setting.work / "peer", "--cores", str(setting.cores)]
    peers = peer("datatrove", "peer.py", setting.cache, setting.cores, "clean", *options).said()
    limit = ["--limit", str(size // setting.cores)]  # of each task
    every = peer("datatrove", "peer.py", setting.cache, setting.cores, "clean_every", *options, *limit).said()
    stops = documents / peers["measured"]["clean"]["seconds"]
    through = every["measured"]["clean_every"]["documents"] / every["measured"]["clean_every"]["seconds"]
    rate = documents / command.stages["clean"]
    further = each_further(documents, command.stages["clean"], fewer, small.stages["clean"])
    rows = [
        Row("stage `clean`, every filter", "docs/s", rate, through, "datatrove", goal=20),
        Row("stage `clean`", "docs/s", rate, stops, "datatrove", goal=20),
        Row("its whole command", "docs/s", documents / command.seconds, stops, "datatrove"),
    ]
    if further:
        rows.append(Row("each further document, every filter", "docs/s", further, through, "datatrove"))
    return rows, peers["versions"]
