"""`python -m jobs.kubernetes.values_page`: writes docs/reference/kubernetes-values.md from the model of the values."""

import json
from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python

from jobs.kubernetes.overlay import HOME
from jobs.kubernetes.values import Executors, Job, LakeVolume, ObjectStore, Quota, Role, Values

PAGE = HOME.parent / "docs" / "reference" / "kubernetes-values.md"

_INTRODUCTION = """# Values of a site on Kubernetes

Made from `jobs/kubernetes/values.py` by `python -m jobs.kubernetes.values_page`.

`values.yaml` says what a site chooses; what it does not name has the default. `tokenlake k8s render VALUES` makes the
manifests, `--set key.path=value` overrides a value for one call, `tokenlake k8s render --defaults` prints all of them.
An unknown key or a wrong value is refused with its line. How the manifests are made is in [k8s](../../k8s/README.md).

```yaml
namespace: corpus
image: registry.example.com/tokenlake/spark@sha256:…
lake: s3://corpus/lake
events: s3a://corpus/spark-events/
components: [network-policies, pod-security, spot]
jobs:
  dedup:
    driver: {memory: 16g}   # the other values of dedup stay
```
"""

SECTIONS: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("", Values, ""),
    ("object_store", ObjectStore, ""),
    ("lake_volume", LakeVolume, ""),
    ("quota", Quota, ""),
    ("jobs.NAME", Job, "Schedules and sizes differ by job: the last table has their defaults."),
    ("jobs.NAME.driver", Role, ""),
    ("jobs.NAME.executor", Executors, "`min` ≤ `initial` ≤ `max`."),
)


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION, *(_section(*each) for each in SECTIONS), _jobs()]
    return "\n".join(parts)


def _section(path: str, model: type[BaseModel], note: str) -> str:
    title = f"## `{path}`\n" if path else "## At the top\n"
    rows = ["| key | default | meaning |", "| --- | --- | --- |", *_rows(model)]
    return "\n".join([title, *([note, ""] if note else []), *rows, ""])


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = [each for each in (field.annotation, *get_args(field.annotation)) if each is not NoneType]
        section = any(isinstance(each, type) and issubclass(each, BaseModel) for each in inner)
        default = field.default
        if section and default is not None:
            shown = "see below"
        elif default is PydanticUndefined:
            shown = (
                ("by job" if model is Job else "required")
                if field.is_required()
                else _shown(field.get_default(call_default_factory=True))
            )
        else:
            shown = _shown(default)
        yield f"| `{name}` | {shown} | {field.description or ''} |"


def _shown(value: Any) -> str:
    """A value as YAML writes it on one line."""
    if value is None:
        return "none"
    plain = to_jsonable_python(value)
    text = plain.replace("0" * 64, "0…") if isinstance(plain, str) else json.dumps(plain)
    return f"`{text}`"


def _jobs() -> str:
    rows = ["## Defaults of the jobs\n", "| job | schedule | driver | executors |", "| --- | --- | --- | --- |"]
    for name, job in Values().jobs.items():
        executors = f"{job.executor.min} to {job.executor.max}, first {job.executor.initial}"
        rows.append(
            f"| `{name}` | `{job.schedule}` | {job.driver.memory} + {job.driver.memory_overhead} | {executors} |"
        )
    return "\n".join([*rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE)
