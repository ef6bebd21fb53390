"""Runs promtool on the alert rules of `k8s/components/monitoring`."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
MONITORING = ROOT / "k8s" / "components" / "monitoring"
_PATH = f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"


def rule_groups() -> list[dict[str, Any]]:
    """The groups of the PrometheusRule."""
    groups: list[dict[str, Any]] = yaml.safe_load((MONITORING / "rules.yaml").read_text())["spec"]["groups"]
    return groups


def alerts() -> dict[str, dict[str, Any]]:
    """name -> rule."""
    return {rule["alert"]: rule for group in rule_groups() for rule in group["rules"] if "alert" in rule}


def program(name: str) -> str:
    """promtool or prometheus; fetched where it is absent and may be."""
    if shutil.which(name, path=_PATH) is None:
        done = subprocess.run(["sh", str(ROOT / "scripts" / "promtool.sh")], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{name} is absent: {done.stderr.strip().splitlines()[-1]}")
    found = shutil.which(name, path=_PATH)
    assert found is not None
    return found


def promtool(arguments: Sequence[str], stdin: str | None = None) -> tuple[int, str]:
    """Exit status, and what it printed."""
    done = subprocess.run([program("promtool"), *arguments], input=stdin, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
