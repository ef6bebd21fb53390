"""`tokenlake k8s lint`: what the Spark operator and the API server let through."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from jobs.cli import UsageError
from jobs.progress import Reporter


def lint(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints what is found; exit status 1 if something is.

    Raises:
        MisuseError: nothing to read, unreadable, not YAML, or an unknown rule.
    """
    from jobs.kubernetes.lint.findings import findings
    from jobs.kubernetes.lint.read import documents
    from jobs.kubernetes.lint.registry import RULES

    if arguments.rules:
        _show_rules(arguments.json)
        return 0
    if not arguments.path:
        raise UsageError("name a file, a folder or - for standard input; --rules lists the rules")
    for name in arguments.ignore:
        if name not in RULES:
            raise UsageError(f"--ignore {name}: no such rule; --rules lists them")
    objects = [document for path in arguments.path for document in documents(path)]
    if not objects:
        raise UsageError(f"{', '.join(arguments.path)}: no Kubernetes object, that is a mapping with `kind`")
    found = findings(objects, arguments.ignore)
    if arguments.json:
        print(json.dumps({"objects": len(objects), "findings": [asdict(each) for each in found]}, indent=2))
    else:
        for each in found:
            print(each.text)
        print(_summary(len(objects), len(found)))
    return 1 if found else 0


def _summary(objects: int, found: int) -> str:
    read = f"{objects:,} object{'s' * (objects != 1)} read"
    return f"{read}: {found:,} finding{'s' * (found != 1)}" if found else f"{read}: nothing found"


def _show_rules(as_json: bool) -> None:
    from jobs.kubernetes.lint.registry import RULES

    shown: Sequence[dict[str, str]] = [
        {"id": rule.id, "meaning": rule.meaning, "remedy": rule.remedy} for rule in RULES.values()
    ]
    if as_json:
        print(json.dumps(shown, indent=2))
        return
    for rule in shown:
        print(f"{rule['id']}\n    {rule['meaning']}\n    write: {rule['remedy']}")
