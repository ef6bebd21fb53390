"""The process that reads cases: names in on standard input, one JSON line each out, until the input ends.

A crash, a hang or eaten memory ends this process only; `fuzz_campaign` sees it and knows the case.
"""

import json
import os
import resource
import sys

import case

ADDRESS_SPACE = 2 << 30  # bytes beyond what the process has when it starts


def main() -> None:
    """Answers each case until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever prints must not mix with the answers
    case.run(case.make("html", 0))
    case.run(case.make("parquet", 0))  # libraries are loaded before memory is counted
    with open("/proc/self/statm") as sizes:
        limit = int(sizes.read().split()[0]) * resource.getpagesize() + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        target, _, number = line.strip().rpartition("/")
        print(json.dumps(case.run(case.make(target, int(number))).facts()), file=answers, flush=True)


if __name__ == "__main__":
    main()
