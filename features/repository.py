"""The Feast repository: `feast -c features apply` finds every object here. `$TOKENLAKE_LAKE` names the lake."""

import os

from features.catalogue.catalogue import CATALOGUE
from features.feast_objects import objects_of
from pipelines.errors import MisuseError
from pipelines.storage.uri import is_uri

VARIABLE = "TOKENLAKE_LAKE"


class NoLakeError(MisuseError, ValueError):
    """`$TOKENLAKE_LAKE` names no lake."""


def _lake() -> str:
    """An absolute path or a URI: Feast changes the working directory, and would start a relative one from here."""
    named = os.environ.get(VARIABLE, "")
    if not is_uri(named) and not os.path.isabs(named):
        raise NoLakeError(
            f"${VARIABLE} is {named!r}: set it to the absolute path, or the URI, of a lake, for example "
            f"{VARIABLE}=$PWD/lakes/quickstart"
        )
    return named.rstrip("/")


OBJECTS = objects_of(CATALOGUE, _lake())
PROJECT = OBJECTS.project

# Feast registers the objects that are attributes of a module. A view can have the name of an entity.
for _kind in ("entities", "sources", "views", "on_demand", "services"):
    globals().update({f"{_kind}_{each.name}": each for each in getattr(OBJECTS, _kind)})
