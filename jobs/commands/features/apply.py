"""`tokenlake features apply`: checks the definitions of features and publishes them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from features.catalogue.catalogue import CATALOGUE
from features.feast_registry import apply_definitions
from features.plan import Plan, PlanError
from features.plan_changes import Change, changes
from features.store.address import Address
from features.store.plan_store import publish_plan, read_plan_bytes
from jobs.commands.features.online_store import online_store
from jobs.progress import Reporter
from pipelines.errors import MissingPathError
from pipelines.storage.storage import Storage
from pipelines.storage.uri import is_local, lake_root

PLAN_FILE = "features/plan.json"
"""The plan beside the lake's tables, relative to its folder."""


def apply(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes the plan to the lake and the online store, prints what it changes there, and keeps Feast's registry."""
    address = online_store(arguments)
    lake = Storage(lake_root(arguments.lake))
    if is_local(lake.root) and not Path(lake.root).is_dir():
        raise MissingPathError(f"{arguments.lake}: no such folder; `tokenlake run CONFIG --lake DIR` makes a lake")
    plan = Plan.of(CATALOGUE)
    before = _published(address, plan.project)
    lake.write_text(PLAN_FILE, plan.to_json())
    publish_plan(address, plan)
    if before is None:
        print(f"online store {address}: first plan; `tokenlake features materialize` fills it")
    else:
        _print_changes(changes(before, plan), plan)
    if not apply_definitions(lake.root, CATALOGUE):
        print("without Feast: for its registry, SDK and UI run pip install 'tokenlake[features]', then this again")
    print(f"plan {plan.fingerprint}: {len(plan.views)} views, {len(plan.services)} services")
    return 0


def _published(address: Address, project: str) -> Plan | None:
    """The plan in the store; None if it has none that this program can read."""
    data = read_plan_bytes(address, project)
    try:
        return None if data is None else Plan.from_json(data)
    except PlanError:
        return None


def _print_changes(found: Sequence[Change], plan: Plan) -> None:
    for change in found:
        print(change.words)
    if not found:
        print("no changes")
    anew = {view for change in found for view in change.anew}
    if anew:
        names = ", ".join(view for view in plan.views if view in anew)
        print(f"the next `tokenlake features materialize` writes anew: {names}")
