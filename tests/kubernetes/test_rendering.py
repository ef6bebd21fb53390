"""`tokenlake k8s render`: values of a site to manifests, and what it says of wrong values."""

import shutil
from pathlib import Path

import pytest
import yaml

from jobs import cli
from jobs.kubernetes import rendering
from jobs.kubernetes.manifests import write_all
from jobs.kubernetes.overlay import HOME, MADE, defaults, overlay
from jobs.kubernetes.values import COMPONENTS

Objects = dict[tuple[str, str], dict]


@pytest.fixture
def values(tmp_path: Path) -> Path:
    """A file of values in a stranger's folder, with a pipeline's configuration beside it."""
    shutil.copy(HOME / "overlays/staging/pipeline.yaml", tmp_path)
    path = tmp_path / "values.yaml"
    path.write_text("namespace: mine\nlake: s3://bucket/lake\n")
    return path


def objects(text: str) -> Objects:
    """Kind and name -> object."""
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.load_all(text, yaml.CSafeLoader)}


def render(capsys, *arguments: object) -> Objects:
    """What the command prints."""
    capsys.readouterr()
    assert cli.main(["k8s", "render", *map(str, arguments)]) == 0
    return objects(capsys.readouterr().out)


def refused(capsys, *arguments: object) -> str:
    """What the command says when it refuses its values."""
    assert cli.main(["k8s", "render", *map(str, arguments)]) == 2
    return capsys.readouterr().err


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


# What is committed


def test_the_committed_base_is_what_the_default_values_make():
    made = defaults()

    assert {name: (HOME / name).read_text() for name in made} == made


def test_a_committed_overlay_is_what_its_values_make(site):
    folder = HOME / "overlays" / site
    made = overlay(rendering.read(folder / "values.yaml"), folder)

    assert {name: (folder / name).read_text() for name in made} == made
    assert {path.name for path in (folder / "site").iterdir()} == {Path(name).name for name in made if "/" in name}


def test_rendering_prints_what_kustomize_makes_of_the_committed_overlay(site, manifests):
    folder = HOME / "overlays" / site
    printed = rendering.rendered(rendering.read(folder / "values.yaml"), folder)

    assert list(yaml.load_all(printed, yaml.CSafeLoader)) == manifests


def test_all_made_files_are_restored_from_the_values(tmp_path):
    home = tmp_path / "k8s"
    shutil.copytree(HOME, home)
    (home / "spark-operator/clean.yaml").unlink()
    (home / "overlays/dev/site/clean.yaml").write_text("changed by hand")
    (home / "overlays/dev/site/stale.yaml").write_text(f"{MADE}kind: OfAJobThatIsNoMore\n")

    write_all(home)

    for folder in ("base", "spark-operator", "overlays/dev/site"):
        assert content(home / folder) == content(HOME / folder)


# Values of a stranger


def test_values_in_any_folder_make_all_objects(capsys, values):
    made = render(capsys, values)

    assert made["Namespace", "mine"]
    assert made["ConfigMap", "tokenlake-settings"]["data"]["TOKENLAKE_LAKE"] == "s3://bucket/lake"
    assert {each["metadata"].get("namespace") for key, each in made.items() if key[0] == "Role"} == {"mine"}


def test_an_overlay_in_any_folder_is_what_render_prints(capsys, values):
    printed = render(capsys, values)
    assert cli.main(["k8s", "render", str(values), "--write"]) == 0

    assert objects(rendering.build(values.parent)) == printed


def test_writing_again_changes_nothing(capsys, values):
    rendering.write(rendering.read(values), values.parent)

    assert rendering.write(rendering.read(values), values.parent) == []


def test_a_patch_whose_value_went_back_to_the_default_goes(values):
    rendering.write(rendering.read(values, ["jobs.clean.schedule=0 9 * * *"]), values.parent)
    before = (values.parent / "site/clean.yaml").read_text()
    rendering.write(rendering.read(values, ["lake=s3://tokenlake/lake"]), values.parent)

    assert "0 9 * * *" in before
    assert not (values.parent / "site/clean.yaml").exists()


def test_what_somebody_put_beside_the_made_patches_stays(values):
    rendering.write(rendering.read(values), values.parent)
    own = values.parent / "site/own.yaml"
    own.write_text("kind: ConfigMap\n")
    rendering.write(rendering.read(values), values.parent)

    assert own.read_text() == "kind: ConfigMap\n"


def test_a_kustomization_that_somebody_wrote_is_not_replaced(capsys, values):
    own = values.parent / "kustomization.yaml"
    own.write_text("resources: [own.yaml]\n")

    assert "kustomization.yaml was not made by this command" in refused(capsys, values, "--write")
    assert own.read_text() == "resources: [own.yaml]\n"


def test_the_configuration_of_the_pipeline_can_lie_in_a_folder_below(capsys, values):
    (values.parent / "conf").mkdir()
    (values.parent / "pipeline.yaml").rename(values.parent / "conf/nightly.yaml")
    made = render(capsys, values, "--set", "pipeline=conf/nightly.yaml")

    assert list(made["ConfigMap", "tokenlake-pipeline"]["data"]) == ["pipeline.yaml"]


def test_sections_without_content_leave_the_defaults(capsys, values):
    empty = render(capsys, values)
    values.write_text(
        values.read_text() + "quota:\nobject_store:\njobs:\n  clean:\n  dedup:\n    driver:\n    executor:\n"
    )

    assert render(capsys, values) == empty


def test_set_overrides_a_value_of_the_file(capsys, values):
    made = render(capsys, values, "--set", "jobs.clean.executor.max=33", "--set", "namespace=other")

    job = made["ScheduledSparkApplication", "tokenlake-clean"]
    assert job["spec"]["template"]["dynamicAllocation"]["maxExecutors"] == 33
    assert job["metadata"]["namespace"] == "other"


def test_a_value_of_one_job_leaves_its_other_defaults(capsys, values):
    values.write_text("jobs: {dedup: {driver: {memory: 9g}}}\n")
    driver = render(capsys, values)["ScheduledSparkApplication", "tokenlake-dedup"]["spec"]["template"]["driver"]

    assert (driver["memory"], driver["memoryOverhead"]) == ("9g", "2g")


def test_a_lake_on_a_volume_is_mounted_by_driver_and_executors(capsys, values):
    values.write_text("lake: /lake\nevents: null\nlake_volume: {claim: shared}\n")
    template = render(capsys, values)["ScheduledSparkApplication", "tokenlake-clean"]["spec"]["template"]

    for role in ("driver", "executor"):
        pod = template[role]["template"]["spec"]
        assert {"name": "lake", "persistentVolumeClaim": {"claimName": "shared"}} in pod["volumes"]
        assert {"name": "lake", "mountPath": "/lake"} in pod["containers"][0]["volumeMounts"]


def test_a_private_registry_and_a_role_serve_jobs_and_all_other_pods(capsys, values):
    values.write_text("pull_secrets: [registry]\nobject_store: {service_account_annotations: {cloud/role: lake}}\n")
    made = render(capsys, values)
    accounts = [each for (kind, _), each in made.items() if kind == "ServiceAccount"]

    assert made["ScheduledSparkApplication", "tokenlake-clean"]["spec"]["template"]["imagePullSecrets"] == ["registry"]
    assert len(accounts) == 3
    assert {account["imagePullSecrets"][0]["name"] for account in accounts} == {"registry"}
    assert {account["metadata"]["annotations"]["cloud/role"] for account in accounts} == {"lake"}


def test_pods_beside_the_jobs_take_their_image_and_their_secret(capsys, values):
    values.write_text(
        "image: registry/spark@sha256:1234\nobject_store: {secret: mine}\ncomponents: [history-server]\n"
    )
    made = render(capsys, values)

    (container,) = made["Deployment", "tokenlake-history-server"]["spec"]["template"]["spec"]["containers"]
    secrets = [each["valueFrom"]["secretKeyRef"] for each in container["env"] if "secret" in str(each)]
    assert container["image"] == "registry/spark@sha256:1234"
    assert {each["name"] for each in secrets} == {"mine"}


# Components


@pytest.mark.parametrize("chosen", [(), *((each,) for each in COMPONENTS)], ids=str)
def test_each_component_can_be_alone(capsys, values, chosen):
    assert render(capsys, values, "--set", f"components=[{','.join(chosen)}]")


@pytest.mark.parametrize("absent", COMPONENTS)
def test_each_component_can_be_left_out(capsys, values, absent):
    others = ",".join(each for each in COMPONENTS if each != absent)

    assert render(capsys, values, "--set", f"components=[{others}]")


def test_every_component_has_a_page():
    assert [name for name in COMPONENTS if not (HOME / "components" / name / "README.md").is_file()] == []


# Wrong values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("namespace: mine\nnamspace: other\n", "values.yaml:2: namspace: unknown key"),
        ("jobs:\n  clean:\n    driver: {memroy: 2g}\n", "values.yaml:3: jobs.clean.driver.memroy: unknown key"),
        ("jobs:\n  cleen: {}\n", "values.yaml:2: jobs.cleen: unknown key"),
        ("jobs:\n  pack:\n    schedule: 61 1 * * *\n", "values.yaml:3: jobs.pack.schedule: "),
        ("jobs:\n  pack:\n    schedule: every day\n", "values.yaml:3: jobs.pack.schedule: "),
        ("jobs:\n  pack:\n    executor: {min: 5, max: 3}\n", "values.yaml:3: jobs.pack.executor: min 5"),
        ("quota:\n  memory: a lot\n", "values.yaml:2: quota.memory: 'a lot' is not of the form"),
        ("components: [spot, spots]\n", "values.yaml:1: components.1: "),
        ("components: [history-server]\nevents: null\n", "events"),
        ("pipeline: absent.yaml\n", "values.yaml: pipeline: there is no "),
        ("pipeline: ../pipeline.yaml\n", "values.yaml: pipeline: ../pipeline.yaml must lie in "),
        ("pipeline: /etc/pipeline.yaml\n", "values.yaml: pipeline: /etc/pipeline.yaml must lie in "),
        (
            "object_store: {endpoint: 's3.local:9000'}\n",
            "values.yaml:1: object_store.endpoint: 's3.local:9000' is not",
        ),
        ("object_store: {endpoint: 'http://s3:99999'}\n", "values.yaml:1: object_store.endpoint: Port out of range"),
        (f"namespace: {'a' * 64}\n", "values.yaml:1: namespace: "),
        ("components: [spot, spot]\n", "values.yaml:1: components: spot: named twice"),
        ("lake: /lake\n", "lake: '/lake' is nothing that all pods reach"),
        ("lake: lakes/mine\n", "lake: 'lakes/mine' is nothing that all pods reach"),
        ("lake_volume: {claim: shared}\n", "lake: 's3://tokenlake/lake' does not lie on the volume"),
        ("lake: /data\nlake_volume: {claim: shared}\n", "lake: '/data' does not lie on the volume"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(capsys, values, text, message):
    values.write_text(text)

    assert message in refused(capsys, values)


def test_a_wrong_override_is_named(capsys, values):
    assert "--set image_=x: image_: unknown key" in refused(capsys, values, "--set", "image_=x")


def test_what_kustomize_refuses_is_told_in_its_own_words(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [absent.yaml]\n")

    with pytest.raises(rendering.KustomizeError, match=r"absent\.yaml"):
        rendering.build(tmp_path)
