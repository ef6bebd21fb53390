"""Random schedules are read, refused and fired as by robfig/cron itself, which a Go program calls."""

import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.kubernetes.cron import Cron, CronError

PROGRAM = Path(__file__).parent / "cron_oracle"
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "",
    "Nope/Zone",
    "America",
]
BOUNDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 6)}
NAMES = {"month": ["JAN", "feb", "Mar", "sep"], "weekday": ["SUN", "mon", "Sat"]}
DESCRIPTORS = [
    "@daily",
    "@hourly ",
    "@weekly",
    "@yearly",
    "@Daily",
    "@often",
    "@every 1h30m",
    "@every 1.5h",
    "@every 5",
    "@every  1h",
    "@every 1h 3m",
    "@every 1h2m3s4ms",
    "",
    "TZ=UTC",
    "@",
]
ODD = ["L", "15W", "1#2", "--", "*-5", "1-2-3", "1/2/3", "+5", "-1", "1.5", "٣", "*/0", "x"]


@pytest.fixture(scope="module")
def oracle(tmp_path_factory):
    if not shutil.which("go"):
        pytest.skip("Go is missing")
    program = tmp_path_factory.mktemp("oracle") / "oracle"
    done = subprocess.run(
        ["go", "build", "-o", program, "."], cwd=PROGRAM, capture_output=True, text=True, check=False
    )
    if done.returncode and "robfig" in done.stderr:
        pytest.skip(f"the module cannot be downloaded: {done.stderr.strip()[:200]}")
    assert done.returncode == 0, done.stderr
    return program


def field(chance, name):
    low, high = BOUNDS[name]

    def value():
        if name in NAMES and chance.random() < 0.3:
            return chance.choice(NAMES[name])
        return str(chance.randint(max(low - 1, 0), high + (chance.random() < 0.05)))

    def item():
        span = chance.choice(["*", "?", value(), value(), f"{value()}-{value()}"])
        return span + (f"/{chance.choice([1, 2, 3, 7, 40])}" if chance.random() < 0.25 else "")

    return (
        chance.choice(ODD)
        if chance.random() < 0.02
        else ",".join(item() for _ in range(chance.choice([1, 1, 1, 2, 3])))
    )


def schedule(chance):
    if chance.random() < 0.05:
        return chance.choice(DESCRIPTORS)
    fields = [field(chance, name) for name in BOUNDS]
    wrong = chance.random()
    fields = fields[:4] if wrong < 0.02 else ["0", *fields] if wrong < 0.04 else fields
    return chance.choice(["", "", "", "", "CRON_TZ=Europe/Berlin ", "TZ=Nope "] if wrong > 0.9 else [""]) + " ".join(
        fields
    )


def ours(zone, text, seconds):
    try:
        parsed, moment, found = Cron.parse(text, zone), datetime.fromtimestamp(seconds, UTC), []
    except CronError as error:
        return "never" if "never fires" in str(error) else "refused"
    for _ in range(3):
        moment = parsed.after(moment)
        found.append(str(int(moment.timestamp())))
    return " ".join(found)


@pytest.mark.parametrize("seed", range(2))
def test_random_schedules_are_read_as_the_operator_reads_them(oracle, seed):
    chance = random.Random(seed)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    times = [int((start + timedelta(seconds=chance.randint(0, 94_000_000))).timestamp()) for _ in range(2000)]
    cases = [(chance.choice(ZONES), schedule(chance), seconds) for seconds in times]
    lines = "".join("\t".join(map(str, case)) + "\n" for case in cases)
    said = subprocess.run([oracle], input=lines, capture_output=True, text=True, check=True, env={"TZ": "UTC"}).stdout
    answers = said.splitlines()
    assert len(answers) == len(cases)
    assert sum(answer[0].isdigit() for answer in answers) > 300
    assert [(case, ours(*case)) for case in cases] == list(zip(cases, answers, strict=True))
