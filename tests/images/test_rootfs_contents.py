"""What lies in the root file systems: who owns it, what it lists, and what it does not hold: `make test-rootfs`."""

import json
import re
import stat
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def packages(rootfs) -> list[Distribution]:
    folder = rootfs.folder / "opt/tokenlake/lib/python3.11/site-packages"
    return [PathDistribution(path) for path in folder.glob("*.dist-info")]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def materials(rootfs):
    return json.loads((rootfs.folder / "usr/share/doc/tokenlake/sbom.cdx.json").read_text())["components"]


def test_all_that_the_image_holds_belongs_to_root(any_image):
    others = [
        path
        for path in any_image.folder.rglob("*")
        if (status := path.lstat()).st_uid != 0 and not (status.st_uid == any_image.user and path.is_dir())
    ]
    assert others == []


def test_only_scratch_folders_can_be_written_by_the_user(any_image):
    writable = {
        f"/{path.relative_to(any_image.folder)}"
        for path in any_image.folder.rglob("*")
        if not path.is_symlink()
        and stat.S_ISDIR((status := path.lstat()).st_mode)
        and (status.st_uid == any_image.user or status.st_mode & stat.S_IWOTH)
    }
    known = {"/tmp", "/var/tmp", "/run/lock", "/var/cache/tokenlake", "/var/data/spark-local-1"}
    assert writable - known == set()


def test_no_program_gives_the_rights_of_another_user_to_more_than_debian_does(any_image):
    privileged = [
        path
        for path in (any_image.folder / "opt").rglob("*")
        if path.is_file() and path.lstat().st_mode & (stat.S_ISUID | stat.S_ISGID)
    ]
    assert privileged == []


def test_no_setting_of_the_place_of_its_build_stays(any_image):
    root = any_image.folder
    assert (root / "etc/resolv.conf").read_text() == ""
    assert not [name for name in ("etc/pip.conf", "root/.config", "root/.cache", "src") if (root / name).exists()]
    assert not any((root / "run").iterdir()) or not (root / "run/secrets").exists()
    uris = re.findall(r"^URIs: (\S+)", (root / "etc/apt/sources.list.d/debian.sources").read_text(), re.M)
    assert {re.sub(r"^https?://", "", uri).split("/")[0] for uri in uris} == {"deb.debian.org"}


def test_only_debians_certificates_are_trusted(any_image):
    own = any_image.folder / "usr/local/share/ca-certificates"
    assert not own.exists() or not any(own.iterdir())


def test_python_packages_have_the_versions_of_the_lock(any_image):
    locked: dict[str, set[str]] = {}
    for name, version in re.findall(r'^name = "(.+)"\nversion = "(.+)"', (PROJECT / "uv.lock").read_text(), re.M):
        locked.setdefault(normal(name), set()).add(version)
    found = {normal(each.metadata["Name"]): each.version for each in packages(any_image)}
    assert len(found) > 20
    assert {name: version for name, version in found.items() if version not in locked.get(name, ())} == {}


def test_the_bill_of_materials_lists_each_python_package(any_image):
    listed = {normal(each["name"]) for each in materials(any_image) if each.get("purl", "").startswith("pkg:pypi/")}
    installed = {normal(each.metadata["Name"]) for each in packages(any_image)} - {"tokenlake"}
    assert listed == installed


def test_the_bill_of_materials_lists_each_debian_package(any_image):
    stanzas = (any_image.folder / "var/lib/dpkg/status").read_text().split("\n\n")
    known = [stanza for stanza in stanzas if "\nStatus: install ok installed\n" in stanza]
    installed = {re.findall(r"^Package: (.+)", stanza, re.M)[0] for stanza in known}
    listed = {each["name"] for each in materials(any_image) if each.get("purl", "").startswith("pkg:deb/")}
    assert listed == installed


def test_the_bill_of_materials_lists_each_jar_with_its_hash(spark_image):
    jars = {f"jar:{path.name}" for path in (spark_image.folder / "opt/spark/jars").glob("*.jar")}
    listed = {
        each["bom-ref"] for each in materials(spark_image) if each["bom-ref"].startswith("jar:") and each["hashes"]
    }
    assert len(jars) > 200
    assert listed == jars


def test_the_server_has_no_java_no_spark_and_no_torch(features_image):
    root = features_image.folder
    found = {normal(each.metadata["Name"]) for each in packages(features_image)}
    assert found & {"pyspark", "pyspark-client", "pysail", "torch", "numba", "spacy"} == set()
    assert not list((root / "opt").rglob("*.jar"))
    assert not (root / "usr/bin/java").exists()
    assert not (root / "usr/lib/jvm").exists()
