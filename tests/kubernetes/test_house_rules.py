"""What every object of every site keeps to."""

import re

import pytest
import yaml
from pods_of import Pod, pods

from jobs.kubernetes.applications import ON_DEMAND, ON_DEMAND_LABEL
from jobs.kubernetes.cron import Cron
from jobs.kubernetes.pods import Manifest
from jobs.kubernetes.values import JOBS

LONGEST_NAME = 43  # a run's name is the schedule's, a dash and 19 digits, and must not exceed 63 characters
PRIVATE = re.compile(r"KEY|SECRET|PASSWORD|TOKEN(?!LAKE)|CREDENTIAL")
CLUSTER_WIDE = {"Namespace", "PriorityClass"}  # the only objects outside the namespace


@pytest.fixture(scope="session")
def made(manifests: list[Manifest]) -> list[Pod]:
    """All pods of the site."""
    found = list(pods(manifests))
    assert len(found) >= 2 * len(JOBS)
    return found


# Pods


def test_pods_run_without_any_privilege(made):
    for pod in made:
        context = pod.spec["securityContext"]
        assert context["runAsNonRoot"] is True, pod.owner
        assert context["runAsUser"] > 0, pod.owner
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, pod.owner
        for container in pod.containers:
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False, pod.owner
            assert own["capabilities"] == {"drop": ["ALL"]}, pod.owner
            assert own["readOnlyRootFilesystem"] is True, pod.owner


def test_pods_see_nothing_of_their_node(made):
    for pod in made:
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod.spec), pod.owner
        assert not any("hostPath" in volume for volume in pod.spec.get("volumes", [])), pod.owner
        assert not any("hostPort" in port for each in pod.containers for port in each.get("ports", [])), pod.owner


def test_pods_mount_only_volumes_that_they_have(made):
    for pod in made:
        volumes = {volume["name"] for volume in pod.spec.get("volumes", [])}
        mounted = {mount["name"] for each in pod.containers for mount in each.get("volumeMounts", [])}
        assert mounted == volumes, pod.owner


def test_pods_ask_for_cpu_and_memory_and_limit_their_memory(made, schedules):
    for pod in made:
        if pod.owner.startswith("ScheduledSparkApplication"):
            continue  # Spark computes these; the next test
        for container in pod.containers:
            asked = container["resources"]
            assert set(asked["requests"]) >= {"cpu", "memory"}, pod.owner
            assert set(asked["limits"]) >= {"memory"}, pod.owner


def test_drivers_and_executors_say_what_they_need(schedules):
    for job, schedule in schedules.items():
        for role in ("driver", "executor"):
            assert {"cores", "memory", "memoryOverhead"} <= set(schedule["spec"]["template"][role]), f"{job} {role}"


def test_only_drivers_and_the_exporter_get_a_token_of_the_api_server(made, manifests):
    silent = {
        each["metadata"]["name"]
        for each in manifests
        if each["kind"] == "ServiceAccount" and each.get("automountServiceAccountToken") is False
    }
    speaking = {
        pod.labels.get("spark-role") or pod.labels["app.kubernetes.io/component"]
        for pod in made
        if pod.spec.get("automountServiceAccountToken", pod.spec.get("serviceAccountName") not in silent)
    }

    assert speaking <= {"driver", "metrics"}


def test_images_are_named_by_digest(made, schedules):
    images = {each["spec"]["template"]["image"] for each in schedules.values()}
    images |= {container["image"] for pod in made for container in pod.containers if "image" in container}

    assert [image for image in images if not re.search(r"@sha256:[0-9a-f]{64}$", image)] == []


# All objects


def test_every_object_and_every_pod_says_whose_it_is(manifests, made):
    unlabelled = [
        f"{each['kind']}/{each['metadata']['name']}"
        for each in manifests
        if each["metadata"].get("labels", {}).get("app.kubernetes.io/name") != "tokenlake"
    ]
    unlabelled += [pod.owner for pod in made if pod.labels.get("app.kubernetes.io/name") != "tokenlake"]

    assert unlabelled == []


def test_every_object_but_the_known_ones_lies_in_one_namespace(manifests):
    (namespace,) = [each["metadata"]["name"] for each in manifests if each["kind"] == "Namespace"]

    outside = {each["kind"] for each in manifests if each["metadata"].get("namespace") != namespace}

    assert outside <= CLUSTER_WIDE


def test_roles_name_what_they_allow(manifests):
    rules = [rule for each in manifests if each["kind"] == "Role" for rule in each["rules"]]
    named = {name for rule in rules for key in ("apiGroups", "resources", "verbs") for name in rule[key]}
    readable = {resource for rule in rules for resource in rule["resources"]}

    assert rules
    assert "*" not in named
    assert not {"secrets", "serviceaccounts", "roles", "pods/exec"} & readable


def test_secrets_are_only_referred_to(manifests, made, site):
    values = [
        f"{pod.owner}: {variable['name']}"
        for pod in made
        for container in pod.containers
        for variable in container.get("env", [])
        if PRIVATE.search(variable["name"]) and "value" in variable
    ]
    held = [each["metadata"]["name"] for each in manifests if each["kind"] == "Secret"]

    assert values == []
    assert held == (["tokenlake-object-store"] if site == "dev" else [])  # of the server that dev brings along


def test_references_lead_to_objects(manifests, made):
    names = {(each["kind"], each["metadata"]["name"]) for each in manifests}
    wanted = {("ConfigMap", name) for pod in made for name in config_maps(pod)}
    wanted |= {("ServiceAccount", pod.spec["serviceAccountName"]) for pod in made if "serviceAccountName" in pod.spec}
    wanted |= {("PriorityClass", pod.spec["priorityClassName"]) for pod in made if "priorityClassName" in pod.spec}

    assert wanted - names == set()


def config_maps(pod: Pod) -> list[str]:
    volumes = [volume["configMap"]["name"] for volume in pod.spec.get("volumes", []) if "configMap" in volume]
    sources = [variable.get("valueFrom", {}) for each in pod.containers for variable in each.get("env", [])]
    whole = [source["configMapRef"]["name"] for each in pod.containers for source in each.get("envFrom", [])]
    return [
        *volumes,
        *whole,
        *(source["configMapKeyRef"]["name"] for source in sources if "configMapKeyRef" in source),
    ]


# Schedules


def test_there_is_a_schedule_for_each_job(schedules):
    assert set(schedules) == {*JOBS, *ON_DEMAND}


def test_schedules_neither_overlap_nor_give_up_at_once_nor_stay_for_ever(schedules):
    for job, schedule in schedules.items():
        spec, restart = schedule["spec"], schedule["spec"]["template"]["restartPolicy"]
        assert spec["concurrencyPolicy"] == "Forbid", job
        assert spec["timeZone"] == "UTC", job
        assert restart["type"] == "OnFailure", job
        assert restart["onFailureRetries"] >= 2, job
        assert restart["onSubmissionFailureRetries"] >= 2, job
        assert spec["template"]["timeToLiveSeconds"] > 0, job


def test_jobs_start_in_the_order_in_which_they_take_their_turns(schedules):
    times = {job: Cron.parse(schedules[job]["spec"]["schedule"]) for job in JOBS}
    minutes = [int(time.text.split()[1]) * 60 + int(time.text.split()[0]) for time in times.values()]

    assert minutes == sorted(set(minutes))


def test_jobs_on_demand_wait_for_somebody(schedules):
    marked = {job for job, each in schedules.items() if each["metadata"]["labels"].get(ON_DEMAND_LABEL) == "true"}

    assert marked == set(ON_DEMAND)
    assert all(schedules[job]["spec"]["suspend"] for job in marked)


def test_names_leave_room_for_what_the_operator_appends(schedules):
    names = [each["metadata"]["name"] for each in schedules.values()]

    assert [name for name in names if len(name) > LONGEST_NAME] == []


def test_runs_of_a_schedule_share_no_pod_name(schedules):
    for job, schedule in schedules.items():
        text = yaml.dump(schedule)
        assert "podName:" not in text, job
        assert "podNamePrefix" not in text, job


def test_a_site_can_run_its_largest_job_within_its_quota(schedules, manifests):
    (quota,) = [each["spec"]["hard"] for each in manifests if each["kind"] == "ResourceQuota"]
    for job, schedule in schedules.items():
        template = schedule["spec"]["template"]
        count = template["dynamicAllocation"]["maxExecutors"]
        cores = template["driver"]["cores"] + count * template["executor"]["cores"]
        gigabytes = memory(template["driver"]) + count * memory(template["executor"])
        assert cores <= int(quota["requests.cpu"]), job
        assert gigabytes <= int(quota["requests.memory"].removesuffix("Gi")), job
        assert count + 1 <= int(quota["pods"]), job


def memory(role: Manifest) -> float:
    """GiB of a pod."""
    return sum(int(role[key][:-1]) / (1 if role[key][-1] == "g" else 1024) for key in ("memory", "memoryOverhead"))
