"""Generates the Python modules of the server's protobuf messages. Needs grpcio-tools, of the development group.

Usage: python scripts/generate_protos.py [FOLDER]
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROTO = Path("features/server/protos/serving.proto")
HEADER = "# mypy: ignore-errors\n# ruff: noqa\n# fmt: off\n"


def generate(folder: Path) -> list[Path]:
    """Writes serving_pb2.py and serving_pb2.pyi below a folder, as below the root of the repository."""
    import grpc_tools
    from grpc_tools import protoc

    included = Path(grpc_tools.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{ROOT}", f"-I{included}", f"--python_out={folder}", f"--pyi_out={folder}", str(PROTO)]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc failed")
    made = [folder / PROTO.with_name("serving_pb2.py"), folder / PROTO.with_name("serving_pb2.pyi")]
    for file in made:
        file.write_text(HEADER + file.read_text(encoding="utf-8"), encoding="utf-8")
    return made


if __name__ == "__main__":
    for written in generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT):
        print(written)
