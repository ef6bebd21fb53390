"""Writes the dashboards: `python -m jobs.metrics.dashboards [FOLDER]`."""

import json
import sys
from pathlib import Path

from jobs.metrics.dashboards.content import dashboards

FOLDER = Path(__file__).resolve().parents[3] / "k8s" / "components" / "monitoring" / "dashboards"


def files() -> dict[str, str]:
    """File name -> content."""
    return {name: json.dumps(made, indent=1) + "\n" for name, made in dashboards().items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (folder / name).write_text(content)
