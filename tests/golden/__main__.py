"""`make golden`: writes the golden outputs of all steps, if their versions say that outputs may have changed."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from golden.outputs import FILE, Outputs

from jobs.engine.sail import SailEngine
from pipelines.semantics import STEPS


def main() -> int:
    """Refuses while a step makes other rows under the same version."""
    parser = argparse.ArgumentParser(prog="make golden", description=__doc__)
    parser.add_argument("--same-versions", action="store_true", help="also where the version is the same: no lake of "
                        "it is in use, because it has not been released")  # fmt: skip
    allowed = parser.parse_args().same_versions
    before = json.loads(FILE.read_text()) if FILE.exists() else {}
    engine, made = SailEngine(), {}
    with tempfile.TemporaryDirectory() as folder:
        outputs = Outputs(engine, Path(folder))
        for step in STEPS:
            rows = dict(sorted(outputs.digests(step.step).items()))
            made[step.step] = {"version": step.version, "rows": rows}
    engine.stop()
    unsaid = [name for name, after in made.items() if _differs(before.get(name), after)]
    if unsaid and not allowed:
        print(f"{', '.join(unsaid)}: other rows, same version. Add a version in pipelines/semantics.py first.")
        return 1
    FILE.write_text(json.dumps(made, indent=1) + "\n")
    print(f"wrote {FILE}")
    return 0


def _differs(before: dict | None, after: dict) -> bool:
    """Whether rows differ under the same version."""
    return before is not None and before["version"] == after["version"] and before["rows"] != after["rows"]


if __name__ == "__main__":
    sys.exit(main())
