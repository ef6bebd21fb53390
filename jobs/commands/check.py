"""`tokenlake check`: counts every row of a lake and checks all that must hold."""

import argparse
import json
from dataclasses import asdict

from jobs.checks.lake import check as checked
from jobs.checks.lake import pending
from jobs.commands.lake_session import opened
from jobs.metrics.recorded import CHECK, record
from jobs.progress import Reporter
from jobs.turn import await_turn


def check(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints each finding as it is made; exit status 1 when something does not hold."""
    await_turn(arguments.lake, arguments.wait, reporter)
    with opened(arguments.lake, arguments.engine, reporter) as (lake, _):
        waiting = pending(lake)
        findings = []
        for finding in checked(lake):
            findings.append(finding)
            if not arguments.json:
                print(finding, flush=True)
        failed = sum(not finding.holds for finding in findings)
        record(lake, CHECK, reporter, findings=len(findings), failed=failed)
    if arguments.json:
        print(json.dumps({"findings": [asdict(each) for each in findings], "pending": waiting}, indent=2))
        return 1 if failed else 0
    for line in waiting:
        print(f"note: {line}; the next run continues there")
    print(f"{failed:,} of {len(findings):,} do not hold" if failed else f"all {len(findings):,} hold")
    return 1 if failed else 0
