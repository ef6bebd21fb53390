"""Where the parts of a site stand in the picture: the operator, the namespace, the stores."""

from jobs.kubernetes.picture.drawing import Box, Drawing
from jobs.kubernetes.picture.facts import Site, job, largest, memory, nodes, places, scratch, start
from jobs.kubernetes.pods import PIPELINE, Manifest
from pipelines.storage.uri import LakeUri

_WIDTH = 1280
_BLUE, _GREEN, _BROWN, _VIOLET, _GREY = "#1d4ed8", "#0f766e", "#92400e", "#6d28d9", "#475569"
_TOP = 56
_GAP = 18

_PURPOSE = {
    "history-server": "Spark's UI of finished runs, from event logs",
    "metrics": "figures of the lake for Prometheus",
    "object-store": "an S3 server for development",
}
_SCRAPED = 9400


def draw(site: Site) -> str:
    """The picture as SVG."""
    drawing = Drawing(_WIDTH)
    drawing.text(20, 34, f"A site of tokenlake: the namespace {site.the('Namespace')['metadata']['name']}", 18, True)
    left, middle = Drawing(_WIDTH), Drawing(_WIDTH)
    chosen = _left(left, site)
    pods = _pods(middle, site)
    bottom = max(chosen[-1].bottom, pods[-1].bottom) + 34
    frame = Box(214, _TOP, 794, bottom - _TOP)
    labels = site.the("Namespace")["metadata"]["labels"]
    profile = labels.get("pod-security.kubernetes.io/enforce")
    drawing.frame(
        frame, f"Namespace {site.the('Namespace')['metadata']['name']}", profile and f"Pod Security: {profile}"
    )
    drawing.parts += [*left.parts, *middle.parts]
    _outside(drawing, site, frame, chosen[0], pods)
    return drawing.svg(bottom + 20, "The objects of a site, and who speaks to whom")


def _left(drawing: Drawing, site: Site) -> list[Box]:
    """The column of what a site chooses: schedules, settings, rules."""
    x, width = 232, 338
    rows: list[tuple[str, ...]] = [
        (_time(each), job(each), _executors(each["spec"]["template"])) for each in site.scheduled
    ]
    rows.append(("", "on demand: " + ", ".join(job(each) for each in site.on_demand)))
    found = [drawing.box(x, _TOP + 38, width, "Schedules (ScheduledSparkApplication, UTC)", rows, _BLUE)]
    settings = [(f"ConfigMap {name}",) for name in site.config_maps] + [(f"Secret {name}",) for name in site.secrets]
    found.append(drawing.box(x, found[-1].bottom + _GAP, width, "What pods read", settings, _BROWN))
    found.append(drawing.box(x, found[-1].bottom + _GAP, width, "What bounds them", _rules(site), _GREY))
    return found


def _rules(site: Site) -> list[tuple[str]]:
    hard = site.the("ResourceQuota")["spec"]["hard"]
    rules = [f"Quota: {hard['requests.cpu']} cores, {hard['requests.memory']}, {hard['pods']} pods"]
    role = next(each for each in site.of("Role") if each["metadata"]["name"] == "tokenlake-driver")
    rules.append("Role of drivers: " + ", ".join(name for rule in role["rules"] for name in rule["resources"]))
    priorities = {
        each["metadata"]["name"].removeprefix("tokenlake-"): each["value"] for each in site.of("PriorityClass")
    }
    rules.append("Priorities: " + ", ".join(f"{name} {value}" for name, value in priorities.items()))
    policies = site.of("NetworkPolicy")
    if policies:
        rules.append(f"{len(policies)} network policies, the first denies everything")
    return [(rule,) for rule in rules]


def _pods(drawing: Drawing, site: Site) -> list[Box]:
    """The column of the pods: of a run, and those that run all the time."""
    x, width, template = 664, 326, largest(site.scheduled)
    driver, executor = template["driver"], template["executor"]
    rows = [
        (f"nodes: {nodes(driver['template'])}; never evicted",),
        (f"account: {driver['serviceAccount']}",),
        (f"reads {PIPELINE}",),
        (f"scratch {scratch(driver['template'])}; writes {', '.join(places(driver['template']))}",),
    ]
    found = [drawing.box(x, _TOP + 38, width, "Driver: one pod a run", rows, _GREEN)]
    rows = [
        (f"nodes: {nodes(executor['template'])}",),
        (f"account: {executor['serviceAccount']}, without a token",),
        (f"scratch {scratch(executor['template'])}; writes {', '.join(places(executor['template']))}",),
    ]
    found.append(drawing.box(x, found[-1].bottom + 40, width, "Executors: as many as the work needs", rows, _GREEN))
    for each in site.deployments:
        lines = [(_PURPOSE.get(job(each), each["metadata"]["name"]),), (f"account: {_account(each)}",)]
        found.append(
            drawing.box(x, found[-1].bottom + _GAP, width, f"Deployment {each['metadata']['name']}", lines, _GREEN)
        )
    return found


def _outside(drawing: Drawing, site: Site, frame: Box, schedules: Box, pods: list[Box]) -> None:
    """The operator, the stores, Prometheus, and the arrows."""
    driver, executors = pods[:2]
    operator = drawing.box(20, schedules.y + 40, 160, "Spark operator", [("in its own namespace",)], _BLUE)
    y = operator.y + operator.height / 2
    drawing.arrow([(operator.right, y), (schedules.x, y)], "reads", ((operator.right + frame.x) / 2, y - 6))
    y = driver.y + 28
    drawing.arrow([(schedules.right, y), (driver.x, y)], "submits", ((schedules.right + driver.x) / 2, y - 6))
    x = driver.x + driver.width / 2
    drawing.arrow([(x, driver.bottom), (x, executors.y)], "starts, through the API server", (x + 92, executors.y - 16))
    _stores(drawing, site, frame, pods)
    if site.of("PodMonitor"):
        _prometheus(drawing, site, frame, schedules, pods)


def _stores(drawing: Drawing, site: Site, frame: Box, pods: list[Box]) -> None:
    driver, executors = pods[:2]
    x, width = 1080, 184
    online = drawing.box(x, driver.y, width, "Online store", [("Redis or Valkey",), ("of materialize",)], _VIOLET)
    y = online.y + online.height / 2 - 10
    drawing.arrow([(driver.right, y), (online.x, y)], "6379", ((frame.right + online.x) / 2, y - 6))
    settings = site.data("tokenlake-settings")
    rows = [(part,) for part in _places(settings)]
    store = drawing.box(x, executors.y, width, "Object store", rows, _VIOLET)
    bus, y = frame.right + 12, store.y + store.height / 2
    ends = [pod.y + pod.height * (0.8 if pod is driver else 0.5) for pod in pods]
    for pod, end in zip(pods, ends, strict=True):
        drawing.line([(pod.right, end), (bus, end)])
    drawing.line([(bus, min(ends)), (bus, max(ends))])
    drawing.arrow([(bus, y), (store.x, y)], "443, 9000", ((bus + store.x) / 2 - 1, y - 8))


def _prometheus(drawing: Drawing, site: Site, frame: Box, schedules: Box, pods: list[Box]) -> None:
    """Below everything else, so that its line crosses no other."""
    rows = [("in the namespace",), ("monitoring",)]
    prometheus = drawing.box(20, frame.bottom - 78, 160, "Prometheus", rows, _GREY)
    y, x = frame.bottom - 16, (schedules.right + pods[0].x) / 2 + 22
    drawing.line([(prometheus.right, y), (x, y)])
    targets = [(pods[0], 4040)]
    targets += [
        (pod, _SCRAPED) for pod, each in zip(pods[2:], site.deployments, strict=True) if job(each) == "metrics"
    ]
    drawing.line([(x, y), (x, pods[0].bottom - 14)])
    for pod, port in targets:
        drawing.arrow([(x, pod.bottom - 14), (pod.x, pod.bottom - 14)], str(port), (x - 18, pod.bottom - 10))


def _time(schedule: Manifest) -> str:
    hour, minute = start(schedule)
    return f"{hour:02}:{minute:02}"


def _executors(template: Manifest) -> str:
    count = template["dynamicAllocation"]
    if count["maxExecutors"] == 1:
        return "driver only"
    each = template["executor"]
    return f"{count['minExecutors']}–{count['maxExecutors']} × {each['cores']} cores, {memory(each)}"


def _account(deployment: Manifest) -> str:
    return str(deployment["spec"]["template"]["spec"].get("serviceAccountName", "default"))


def _places(settings: dict[str, str]) -> list[str]:
    """Where the lake and the event logs are, by bucket."""
    buckets: dict[str, list[str]] = {}
    for name, key in (("lake", "TOKENLAKE_LAKE"), ("event logs", "SPARK_EVENTS")):
        if key in settings:
            place = LakeUri.parse(settings[key])
            buckets.setdefault(place.bucket, []).append(f"{name}: {place.key.strip('/')}")
    return [line for bucket, folders in buckets.items() for line in (f"{bucket}:", *folders)]
