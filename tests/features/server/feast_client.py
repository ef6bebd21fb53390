"""A client that has Feast's messages and nothing of ours; prints what it sees as JSON.

Usage: python feast_client.py PORT ENTITIES

Feast's package itself is not imported, which takes seconds: only the modules of its messages.
"""

import json
import sys
import types
from importlib.util import find_spec
from typing import Any

spec = find_spec("feast")
if spec is None:
    sys.exit("Feast is not installed")
package = types.ModuleType("feast")
package.__path__ = list(spec.submodule_search_locations or ())
sys.modules["feast"] = package

import grpc  # noqa: E402
from feast.protos.feast.serving import ServingService_pb2 as serving  # noqa: E402
from feast.protos.feast.serving.ServingService_pb2_grpc import ServingServiceStub  # noqa: E402
from feast.protos.feast.types import Value_pb2 as values  # noqa: E402


def native(value: Any) -> Any:
    kind = value.WhichOneof("val")
    return None if kind is None else getattr(value, kind)


request = serving.GetOnlineFeaturesRequest(feature_service="translation_request")
for name, column in json.loads(sys.argv[2]).items():
    for each in column:
        field = {"string_val": each} if isinstance(each, str) else {"int64_val": each}
        request.entities[name].val.add(**field)
with grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}") as channel:
    found = ServingServiceStub(channel).GetOnlineFeatures(request, timeout=10)
seen = {
    "names": list(found.metadata.feature_names.val),
    "values": [[native(value) for value in result.values] for result in found.results],
    "statuses": [[serving.FieldStatus.Name(status) for status in result.statuses] for result in found.results],
    "fields": {
        message.name: {field.name: [field.number, field.type] for field in message.fields}
        for file in (serving.DESCRIPTOR, values.DESCRIPTOR)
        for message in file.message_types_by_name.values()
    },
}
print(json.dumps(seen))
