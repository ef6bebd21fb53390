"""Writes the image's bill of materials as CycloneDX JSON: Python packages, Debian packages, Spark's jars.

    /opt/tools/bin/python sbom.py DEBIAN.tsv OUTPUT.json

DEBIAN.tsv: name, version and architecture of each installed Debian package, by tabs.
"""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

VERSION = SchemaVersion.V1_6
JARS = Path("/opt/spark/jars")


def main(debian: Path, output: Path) -> int:
    """Exit status 1 when the result is no valid CycloneDX."""
    bom = python_packages()
    for component in (*debian_packages(debian), *jars(JARS)):
        bom.components.add(component)
    text = make_outputter(bom, OutputFormat.JSON, VERSION).output_as_string(indent=1)
    wrong = JsonStrictValidator(VERSION).validate_str(text)
    if wrong:
        print(f"sbom: {wrong}", file=sys.stderr)
        return 1
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text)
    return 0


def python_packages() -> Bom:
    """Of /opt/tokenlake, with this project as their root, by the project's own tool."""
    what = ["environment", "/opt/tokenlake/bin/python", "--pyproject", "pyproject.toml", "--output-reproducible"]
    form = ["--spec-version", "1.6", "--output-format", "JSON"]
    done = subprocess.run([sys.executable, "-m", "cyclonedx_py", *what, *form], check=True, capture_output=True)
    found: Bom = Bom.from_json(json.loads(done.stdout))
    return found


def debian_packages(listed: Path) -> Iterator[Component]:
    """Of the image, not of the stage that builds it."""
    for line in listed.read_text().splitlines():
        name, version, architecture = line.split("\t")
        purl = PackageURL("deb", "debian", name, version, {"arch": architecture, "distro": "debian-12"})
        yield Component(name=name, version=version, purl=purl, type=ComponentType.LIBRARY, bom_ref=str(purl))


def jars(folder: Path) -> Iterator[Component]:
    """Each file with its SHA-256; with its Maven coordinates where it holds them."""
    for path in sorted(folder.glob("*.jar")):
        group, artifact, version = coordinates(path)
        digest = HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(path.read_bytes()).hexdigest())
        purl = PackageURL("maven", group, artifact, version) if group else None
        yield Component(
            name=artifact,
            group=group,
            version=version,
            purl=purl,
            hashes=[digest],
            type=ComponentType.LIBRARY,
            bom_ref=f"jar:{path.name}",
        )


def coordinates(jar: Path) -> tuple[str | None, str, str]:
    """(group, artifact, version): the group is what the jar says of itself, the others are in its file's name."""
    artifact, _, version = jar.stem.rpartition("-")
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if name.startswith("META-INF/maven/") and name.endswith(f"/{artifact}/pom.properties"):
                return name.split("/")[2], artifact, version
    return None, artifact or jar.stem, version


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
