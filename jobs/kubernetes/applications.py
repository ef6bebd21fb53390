"""Values -> the applications of the Spark operator (`sparkoperator.k8s.io/v1beta2`).

One ScheduledSparkApplication for each job. Jobs that run only when somebody asks (`ON_DEMAND`) are schedules too,
which are suspended: single runs of all jobs are stamped from the template in their schedule.
"""

from jobs.engine.spark.object_stores import s3a_settings
from jobs.kubernetes.pods import PIPELINE, Manifest, driver, executor, labels, store_environment
from jobs.kubernetes.values import JOBS, Executors, Job, Role, Values
from pipelines.storage.uri import LakeUri

API = "sparkoperator.k8s.io/v1beta2"
SPARK = "4.2.0"

ON_DEMAND = ("pipeline", "command")
"""Jobs that no clock starts: all stages one after the other; any command of `tokenlake`."""

ON_DEMAND_LABEL = "tokenlake.io/on-demand"

_STAGES = ("ingest", "clean", "dedup", "tokenize", "pack", "features")

_FEATURES = "org.apache.spark.deploy.k8s.features"

_LOGGING = "-Dlog4j2.configurationFile=file:///opt/tokenlake/jobs/engine/spark/log4j2-cluster.properties"

_SETTINGS = {
    "spark.driver.extraJavaOptions": _LOGGING,
    "spark.executor.extraJavaOptions": _LOGGING,
    # The image's, also where the operator's environment names another: spark-submit would hand that one to the driver.
    "spark.pyspark.python": "/opt/tokenlake/bin/python",
    # An executor that is about to vanish hands its blocks over; what it cannot hand over is computed again.
    "spark.decommission.enabled": "true",
    "spark.storage.decommission.enabled": "true",
    "spark.storage.decommission.shuffleBlocks.enabled": "true",
    "spark.storage.decommission.rddBlocks.enabled": "true",
    "spark.executor.decommission.killInterval": "80s",
    "spark.dynamicAllocation.executorIdleTimeout": "120s",
    # The driver's role allows nothing with volume claims: the cluster makes them and removes them with their pod.
    "spark.kubernetes.driver.ownPersistentVolumeClaim": "false",
    # Spark 4.2 would make a NetworkPolicy for each run when it is submitted, which the operator's role does not allow.
    "spark.kubernetes.driver.pod.excludedFeatureSteps": f"{_FEATURES}.NetworkPolicyFeatureStep",
    # Each run has a secret of its own, which Spark makes: pods of other runs, and of others, are turned away.
    "spark.authenticate": "true",
    # Scraped by Prometheus from the driver's port 4040, executors' figures included; no agent, no jar.
    "spark.ui.prometheus.enabled": "true",
    "spark.metrics.conf.*.sink.prometheusServlet.class": "org.apache.spark.metrics.sink.PrometheusServlet",
    "spark.metrics.conf.*.sink.prometheusServlet.path": "/metrics/prometheus",
    "spark.metrics.namespace": "${spark.app.name}",
}


def schedules(values: Values) -> dict[str, Manifest]:
    """Job -> its ScheduledSparkApplication."""
    found = {name: _schedule(values, name, job) for name, job in values.jobs.items()}
    asked_for = _largest(values)
    for name in ON_DEMAND:
        found[name] = _schedule(values, name, asked_for)
        found[name]["metadata"]["labels"][ON_DEMAND_LABEL] = "true"
    return found


def _schedule(values: Values, name: str, job: Job) -> Manifest:
    return {
        "apiVersion": API,
        "kind": "ScheduledSparkApplication",
        "metadata": {"name": f"tokenlake-{name}", "labels": labels(name)},
        "spec": {
            "schedule": job.schedule,
            "timeZone": "UTC",
            "concurrencyPolicy": "Forbid",
            "suspend": job.suspend,
            "successfulRunHistoryLimit": values.keep_runs,
            "failedRunHistoryLimit": values.keep_runs,
            "template": _application(values, name, job),
        },
    }


def _application(values: Values, name: str, job: Job) -> Manifest:
    spec: Manifest = {
        "type": "Python",
        "pythonVersion": "3",
        "mode": "cluster",
        "image": values.image,
        "imagePullPolicy": "IfNotPresent",
        "sparkVersion": SPARK,
        "mainApplicationFile": f"local:///opt/tokenlake/jobs/{'run' if name == 'pipeline' else name}.py",
        "arguments": _arguments(values, name, job),
        "timeToLiveSeconds": values.keep_hours * 3600,
        "restartPolicy": {
            "type": "OnFailure",
            "onFailureRetries": values.retries,
            "onFailureRetryInterval": values.retry_seconds,
            "onSubmissionFailureRetries": values.retries + 1,
            "onSubmissionFailureRetryInterval": values.retry_seconds,
        },
        "sparkConf": _spark(values),
        "dynamicAllocation": {
            "enabled": True,
            "minExecutors": job.executor.min,
            "initialExecutors": job.executor.initial,
            "maxExecutors": job.executor.max,
            "shuffleTrackingEnabled": True,
            "shuffleTrackingTimeout": 600_000,  # milliseconds
        },
        "driver": _role(job.driver, "tokenlake-driver", driver(values, job, name)),
        "executor": _role(job.executor, "tokenlake-executor", executor(values, job, name)),
    }
    if values.pull_secrets:
        spec["imagePullSecrets"] = list(values.pull_secrets)
    return spec


def _role(role: Role | Executors, service_account: str, template: Manifest) -> Manifest:
    return {
        "cores": role.cores,
        "memory": role.memory,
        "memoryOverhead": role.memory_overhead,
        "serviceAccount": service_account,
        "template": template,
    }


def _arguments(values: Values, name: str, job: Job) -> list[str]:
    wait = ["--wait", str(job.wait_minutes)]
    if name == "command":
        return []
    if name in (*_STAGES, "pipeline"):
        return ["--config", PIPELINE, "--lake", values.lake, "--log-json", *wait, *job.arguments]
    publish = ["--apply"] if name == "materialize" else []
    return [values.lake, *wait, *publish, *job.arguments]


def _spark(values: Values) -> dict[str, str]:
    found = dict(_SETTINGS)
    if LakeUri.parse(values.lake).is_s3 or (values.events and LakeUri.parse(values.events).is_s3):
        found |= s3a_settings(store_environment(values))
    if values.events:
        found |= {
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": values.events,
            "spark.eventLog.rolling.enabled": "true",
            "spark.eventLog.rolling.maxFileSize": "128m",
        }
    return {**found, **values.spark}


def _largest(values: Values) -> Job:
    """For runs of any stage: the driver and the executors of the stages that ask for most."""
    stages: list[Job] = [getattr(values.jobs, name) for name in JOBS if name in _STAGES]
    biggest = max(stages, key=lambda job: (_megabytes(job.driver.memory), job.driver.cores))
    widest = max(stages, key=lambda job: (job.executor.max, _megabytes(job.executor.memory)))
    roles = {"driver": biggest.driver, "executor": widest.executor}
    return stages[0].model_copy(update={**roles, "arguments": (), "schedule": "@yearly", "suspend": True})


def _megabytes(memory: str) -> int:
    return int(memory[:-1]) * (1024 if memory[-1] == "g" else 1)
