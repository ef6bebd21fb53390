"""Whether definitions are sound, and whether a store can hold them without mixing values."""

import re
from collections.abc import Iterable, Iterator

from features.definition.value_type import KEY_TYPES
from features.definition.view import CREATED, EVENT_TIMESTAMP, Catalogue, OnDemandView, View
from features.layout.field import feature_field
from pipelines.errors import MisuseError

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = frozenset((EVENT_TIMESTAMP, CREATED, "run_id"))


class DefinitionError(MisuseError, ValueError):
    """Definitions of features contradict themselves; the message names the view and the feature."""


def checked(catalogue: Catalogue) -> Catalogue:
    """The catalogue itself.

    Raises:
        DefinitionError: a name has other characters, two things have one name, a column is defined twice, a key has a
            type that no key can have, something refers to a feature or function that cannot be found, or two features
            of one entity share a field in the online store.
    """
    for problem in _problems(catalogue):
        raise DefinitionError(problem)
    return catalogue


def _problems(catalogue: Catalogue) -> Iterator[str]:
    yield from _problems_of_names(catalogue)
    views = [*(view.name for view in catalogue.views), *(view.name for view in catalogue.on_demand)]
    yield from (f"two views are named {name}" for name in _repeated(views))
    yield from (f"two services are named {name}" for name in _repeated(each.name for each in catalogue.services))
    yield from (f"two entities are named {name}" for name in _repeated(each.name for each in catalogue.entities))
    for view in catalogue.views:
        yield from _problems_of_view(view)
    for on_demand in catalogue.on_demand:
        yield from _problems_of_on_demand(on_demand)
    for service in catalogue.services:
        for selection in service.selections:
            known = {feature.name for feature in selection.view.features}
            unknown = [name for name in selection.features if name not in known]
            yield from (
                f"service {service.name}: view {selection.view.name} has no feature {name}" for name in unknown
            )
    yield from _collisions(catalogue)


def _problems_of_names(catalogue: Catalogue) -> Iterator[str]:
    """Names are parts of keys, of tables' names and of URLs, where nothing quotes them."""
    views: tuple[View | OnDemandView, ...] = (*catalogue.views, *catalogue.on_demand)
    names = [catalogue.project, *(each.name for each in (*views, *catalogue.services, *catalogue.entities))]
    names += [key for view in catalogue.views for key in view.join_keys]
    names += [feature.name for view in views for feature in view.features]
    yield from (
        f"{name!r} is no name: take lower-case letters, digits and _, a letter first"
        for name in dict.fromkeys(names)
        if not _NAME.fullmatch(name)
    )


def _problems_of_view(view: View) -> Iterator[str]:
    columns = [*view.join_keys, *(feature.name for feature in view.features)]
    yield from (f"view {view.name}: column {name} is defined twice" for name in _repeated(columns))
    yield from (f"view {view.name}: the name {name} is taken" for name in columns if name in _TAKEN)
    for entity in view.entities:
        if entity.value_type not in KEY_TYPES:
            yield f"entity {entity.name}: a key cannot be of type {entity.value_type.name}"
    if not view.entities or not view.features:
        yield f"view {view.name}: needs an entity and a feature"


def _problems_of_on_demand(on_demand: OnDemandView) -> Iterator[str]:
    for view, name in on_demand.inputs:
        if name not in {feature.name for feature in view.features}:
            yield f"view {on_demand.name}: its input {view.name}:{name} does not exist"
    if "<" in on_demand.function:
        yield f"view {on_demand.name}: {on_demand.function} is no function of a module, so no reader can import it"
    inputs = [*(name for _, name in on_demand.inputs), *(each.name for each in on_demand.request)]
    yield from (f"view {on_demand.name}: two inputs are named {name}" for name in _repeated(inputs))


def _collisions(catalogue: Catalogue) -> Iterator[str]:
    """Features of one entity lie in one hash of the store, by a number of 32 bits made from their name."""
    fields: dict[tuple[tuple[str, ...], bytes], str] = {}
    for view in catalogue.views:
        for feature in view.features:
            name = f"{view.name}:{feature.name}"
            place = (tuple(sorted(view.join_keys)), feature_field(view.name, feature.name))
            other = fields.setdefault(place, name)
            if other != name:
                yield f"{other} and {name} have the same field in the online store; rename one of them"


def _repeated(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})
