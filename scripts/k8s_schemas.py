"""Strict JSON schemas for kubeconform, of Kubernetes' own kinds and of custom resource definitions.

    python scripts/k8s_schemas.py TARGET BUILT_IN CRD.yaml …

BUILT_IN is a folder with a file for each kind and `_definitions.json`, as the package kubernetes-validate holds it.
Each schema that is written stands alone, refuses unknown keys, and is named as kubeconform looks for it:
`kind-group-version.json`, of the group only the part before its first dot.

The definition of the Spark operator leaves the pod templates of drivers and executors unchecked. Here they are checked
as the pod templates that they are.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]

POD_TEMPLATE = "io.k8s.api.core.v1.PodTemplateSpec"


class _Loader(yaml.CSafeLoader):
    """YAML in which a bare `=` is text, as in the definitions of the Prometheus operator."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


def built_in(folder: Path, definitions: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """File name and schema of each kind that a manifest can hold."""
    for path in sorted(folder.glob("*.json")):
        schema = json.loads(path.read_text())
        kinds = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds) == 1 and not kinds[0]["kind"].endswith("List") and "kind" in schema["properties"]:
            schema.pop("$id", None)
            yield path.name, inlined(schema, definitions)


def inlined(schema: Any, definitions: Mapping[str, Schema], above: tuple[str, ...] = ()) -> Any:
    """The schema with each `$ref` replaced by what it names; a definition inside itself accepts everything."""
    if isinstance(schema, list):
        return [inlined(each, definitions, above) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        name = schema["$ref"].rpartition("/")[2]
        return {} if name in above else inlined(definitions[name], definitions, (*above, name))
    text = {key for key, value in schema.items() if key == "description" and isinstance(value, str)}
    return {key: inlined(value, definitions, above) for key, value in schema.items() if key not in text}


def custom(path: Path, pod_template: Schema) -> Iterator[tuple[str, Schema]]:
    """File name and schema of each version that a custom resource definition serves."""
    definition = yaml.load(path.read_text(), _Loader)["spec"]
    kind, group = definition["names"]["kind"].lower(), definition["group"].partition(".")[0]
    for version in definition["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        if definition["group"] == "sparkoperator.k8s.io":
            schema = with_pod_templates(schema, pod_template)
        yield f"{kind}-{group}-{version['name']}.json", schema


def strict(schema: Any) -> Any:
    """A schema of OpenAPI v3 as JSON schema, without room for unknown keys."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        key: {name: strict(each) for name, each in value.items()} if key == "properties" else strict(value)
        for key, value in schema.items()
        if key not in ("description", "nullable")
    }
    if found.get("x-kubernetes-int-or-string"):
        found = {"type": ["integer", "string"]}
    if schema.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    if "properties" in found and not found.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found


def with_pod_templates(schema: Any, pod_template: Schema) -> Any:
    """The schema with every unchecked object named `template` replaced by a pod template."""
    if isinstance(schema, list):
        return [with_pod_templates(each, pod_template) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: pod_template
        if key == "template" and isinstance(value, dict) and value.get("x-kubernetes-preserve-unknown-fields")
        else with_pod_templates(value, pod_template)
        for key, value in schema.items()
    }


def main(target: Path, folder: Path, definitions: list[Path]) -> None:
    """Writes all schemas into the folder `target`."""
    known = json.loads((folder / "_definitions.json").read_text())["$defs"]
    pod_template = inlined(known[POD_TEMPLATE], known)
    target.mkdir(parents=True, exist_ok=True)
    found = dict(built_in(folder, known))
    for path in definitions:
        found |= custom(path, pod_template)
    for name, schema in found.items():
        (target / name).write_text(json.dumps(schema, separators=(",", ":")))
    print(f"{len(found)} schemas in {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
