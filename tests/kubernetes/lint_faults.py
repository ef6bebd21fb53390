"""At least one fault for each rule of `tokenlake k8s lint`, as changes to the sound manifests in `clean/`.

`# HERE` marks the line that the finding must name: that of the value, or of its parent where something is missing.
"""

from typing import NamedTuple

HERE = "# HERE"
FIELDS, TEMPLATES, NAMESPACE, SERVER = "fields.yaml", "templates.yaml", "namespace.yaml", "server.yaml"
WEEKLY = "weekly.yaml"


class Change(NamedTuple):
    """`old` stands once in the file."""

    file: str
    old: str
    new: str


class Fault(NamedTuple):
    """What breaks one rule, and no other."""

    rule: str
    changes: tuple[Change, ...]


def fault(rule: str, file: str, old: str, new: str, *more: Change) -> Fault:
    """A fault that one change makes, or several together."""
    return Fault(rule, (Change(file, old, new), *more))


_SCHEDULES = [
    fault("schedule.cron", FIELDS, "30 1 * * *", "0 0 30 2 * # HERE"),
    fault("schedule.cron", FIELDS, "30 1 * * *", "not a cron # HERE"),
    fault("schedule.policy", FIELDS, "concurrencyPolicy: Forbid", "concurrencyPolicy: Nope # HERE"),
    fault(
        "schedule.policy",
        FIELDS,
        "spec:\n  schedule: 30 1 * * *\n  timeZone: UTC\n  concurrencyPolicy: Forbid",
        "spec: # HERE\n  schedule: 30 1 * * *\n  timeZone: UTC",
    ),
    fault("schedule.overlap", FIELDS, "concurrencyPolicy: Forbid", "concurrencyPolicy: Allow # HERE"),
    fault("schedule.overlap", FIELDS, "concurrencyPolicy: Forbid", "concurrencyPolicy: Replace # HERE"),
    fault("schedule.zone", FIELDS, "timeZone: UTC", "timeZone: Europe/Berlin # HERE"),
    fault("schedule.zone", FIELDS, "timeZone: UTC", "timeZone: Mars/Olympus # HERE"),
    fault("schedule.zone", FIELDS, "timeZone: UTC", "timeZone: Local # HERE"),
    fault("schedule.zone", FIELDS, "30 1 * * *", "CRON_TZ=Asia/Tokyo 30 1 * * *", Change(FIELDS, "UTC", "UTC # HERE")),
    fault("schedule.history", FIELDS, "failedRunHistoryLimit: 2", "failedRunHistoryLimit: 0 # HERE"),
    fault("schedule.clash", WEEKLY, "15 4 * * SUN", "'*/15 1 * * 0,3' # HERE"),
]

_NAMES = [
    fault("names.label", FIELDS, "  name: ingest", "  name: 1-ingest # HERE"),
    fault("names.label", TEMPLATES, "  name: clean", "  name: clean.corpus # HERE"),
    fault("names.length", FIELDS, "  name: ingest", f"  name: {'i' * 44} # HERE"),
    fault("names.length", TEMPLATES, "  name: clean", f"  name: {'c' * 64} # HERE"),
    fault("names.driver-pod", FIELDS, "    driver:\n", "    driver:\n      podName: mine # HERE\n"),
    fault(
        "names.driver-pod",
        FIELDS,
        "    sparkConf:\n",
        "    sparkConf:\n      spark.kubernetes.driver.pod.name: mine # HERE\n",
    ),
    fault(
        "names.executor-prefix",
        FIELDS,
        "    sparkConf:\n",
        "    sparkConf:\n      spark.kubernetes.executor.podNamePrefix: mine # HERE\n",
    ),
]

_RETRIES = [
    fault("retries.policy", FIELDS, "type: OnFailure", "type: Never # HERE"),
    fault("retries.policy", TEMPLATES, "type: OnFailure", "type: Always # HERE"),
    fault("retries.runs", FIELDS, " onFailureRetries: 2", " onFailureRetries: 0 # HERE"),
    fault(
        "retries.runs",
        TEMPLATES,
        "restartPolicy:\n    type: OnFailure\n    onFailureRetries: 1\n",
        "restartPolicy: # HERE\n    type: OnFailure\n",
    ),
    fault("retries.submissions", FIELDS, "onSubmissionFailureRetries: 3", "onSubmissionFailureRetries: 0 # HERE"),
    fault(
        "retries.intervals",
        FIELDS,
        "restartPolicy:\n      type: OnFailure\n      onFailureRetries: 2\n      onFailureRetryInterval: 30\n",
        "restartPolicy: # HERE\n      type: OnFailure\n      onFailureRetries: 2\n",
    ),
    fault("retries.time-to-live", FIELDS, "timeToLiveSeconds: 86400", "timeToLiveSeconds: 0 # HERE"),
    fault(
        "retries.time-to-live",
        TEMPLATES,
        "spec:\n  type",
        "spec: # HERE\n  type",
        Change(TEMPLATES, "  timeToLiveSeconds: 7200\n", ""),
    ),
    fault("retries.unused", TEMPLATES, "  restartPolicy:", "  failureRetries: 3 # HERE\n  restartPolicy:"),
]

_RESOURCES = [
    fault(
        "resources.missing",
        TEMPLATES,
        "  executor:\n    instances: 3\n    cores: 2\n",
        "  executor: # HERE\n    instances: 3\n",
    ),
    fault("resources.unit", FIELDS, "memory: 6g", "memory: 6Gi # HERE"),
    fault("resources.unit", FIELDS, "memory: 6g", "memory: 1.5g # HERE"),
    fault("resources.unit", FIELDS, "coreLimit: 1200m", "coreLimit: 1200MB # HERE"),
    fault("resources.limit", FIELDS, "coreLimit: 1200m", "coreLimit: 800m # HERE"),
    fault("resources.limit", FIELDS, "coreLimit: 1200m", "coreRequest: 2500m\n      coreLimit: '2' # HERE"),
    fault("resources.limit", FIELDS, "memory: 6g", "memory: 6g\n      memoryLimit: 8g # HERE"),
    fault("resources.limit", SERVER, "memory: 2Gi", "memory: 1000M # HERE"),
    fault("resources.limit", TEMPLATES, "limits: {memory: 128Mi}}", "limits: {memory: 32Mi}} # HERE"),
    fault(
        "resources.overhead",
        FIELDS,
        "executor:\n      cores: 2\n      memory: 6g\n      memoryOverhead: 2g",
        "executor: # HERE\n      cores: 2\n      memory: 6g",
    ),
    fault("resources.executors", TEMPLATES, "instances: 3", "instances: 0 # HERE"),
    fault("resources.executors", TEMPLATES, "  executor:\n    instances: 3", "  executor: # HERE"),
    fault(
        "resources.allocation",
        FIELDS,
        "minExecutors: 1",
        "minExecutors: 1 # HERE",
        Change(FIELDS, "maxExecutors: 20", "maxExecutors: 0"),
    ),
    fault("resources.allocation", FIELDS, "initialExecutors: 2", "initialExecutors: 0 # HERE"),
    fault(
        "resources.allocation",
        FIELDS,
        "dynamicAllocation:",
        "dynamicAllocation: # HERE",
        Change(FIELDS, "      maxExecutors: 20\n", ""),
    ),
    fault(
        "resources.shuffle",
        TEMPLATES,
        "  executor:\n    instances: 3",
        "  dynamicAllocation: {enabled: true, maxExecutors: 4, shuffleTrackingEnabled: false} # HERE\n  executor:",
    ),
    fault(
        "quota.exceeded",
        FIELDS,
        "    executor:",
        "    executor: # HERE",
        Change(FIELDS, "initialExecutors: 2", "initialExecutors: 6"),
    ),
    fault("quota.exceeded", TEMPLATES, "  executor:\n    instances: 3", "  executor: # HERE\n    instances: 10"),
    fault(
        "quota.unstated",
        NAMESPACE,
        "    requests.cpu:",
        "    limits.cpu: 40\n    requests.cpu:",
        Change(TEMPLATES, "  executor:", "  executor: # HERE"),
    ),
    fault("quota.range", FIELDS, "    executor:", "    executor: # HERE", Change(FIELDS, "memory: 6g", "memory: 15g")),
    fault(
        "quota.range",
        NAMESPACE,
        "    max:",
        "    default:\n      cpu: 1500m\n    max:",
        Change(TEMPLATES, "  executor:", "  executor: # HERE"),
    ),
]

_PLACEMENT = [
    fault("placement.driver-spot", FIELDS, "        pool: on-demand", "        pool: spot # HERE"),
    fault(
        "placement.driver-spot",
        TEMPLATES,
        "      spec:\n        priorityClassName: driver",
        "      spec:\n        tolerations:\n        - operator: Exists # HERE\n        priorityClassName: driver",
    ),
    fault(
        "placement.driver-spot",
        TEMPLATES,
        "      spec:\n        priorityClassName: driver",
        "      spec:\n"
        "        affinity:\n"
        "          nodeAffinity:\n"
        "            requiredDuringSchedulingIgnoredDuringExecution:\n"
        "              nodeSelectorTerms:\n"
        "              - matchExpressions:\n"
        "                - {key: karpenter.sh/capacity-type, operator: In, values: [spot]} # HERE\n"
        "        priorityClassName: driver",
    ),
    fault(
        "placement.driver-eviction",
        FIELDS,
        'annotations:\n        cluster-autoscaler.kubernetes.io/safe-to-evict: "false"',
        'annotations: # HERE\n        cluster-autoscaler.kubernetes.io/safe-to-evict: "true"',
    ),
    fault(
        "placement.driver-priority", TEMPLATES, "      spec:\n        priorityClassName: driver", "      spec: # HERE"
    ),
    fault(
        "placement.priority-order",
        NAMESPACE,
        "value: 10\n",
        "value: 2000\n",
        Change(TEMPLATES, "priorityClassName: driver", "priorityClassName: driver # HERE"),
    ),
    fault("placement.selectors", FIELDS, "    volumes:\n", "    nodeSelector: {zone: a} # HERE\n    volumes:\n"),
    fault(
        "placement.decommission",
        FIELDS,
        'spark.storage.decommission.enabled: "true"',
        'spark.storage.decommission.enabled: "false" # HERE',
    ),
    fault(
        "placement.decommission",
        TEMPLATES,
        "      spec:\n        automount",
        "      spec:\n        tolerations: [{key: cloud.google.com/gke-spot, operator: Exists}]\n        automount",
        Change(TEMPLATES, "spec:\n  type", "spec: # HERE\n  type"),
    ),
]

_DRIVER_SECURITY = "        securityContext:\n          runAsNonRoot: true\n"
_SERVER_CONTAINER = "        securityContext:\n          allowPrivilegeEscalation: false\n"

_PODS = [
    fault("pod.host", FIELDS, "    driver:\n", "    driver:\n      hostNetwork: true # HERE\n"),
    fault("pod.host", SERVER, "    spec:\n", "    spec:\n      hostPID: true # HERE\n"),
    fault("pod.host", TEMPLATES, "        automount", "        hostIPC: true # HERE\n        automount"),
    fault(
        "pod.privileged",
        FIELDS,
        "drop: [ALL]\n    executor",
        "drop: [ALL]\n        privileged: true # HERE\n    executor",
    ),
    fault(
        "pod.privileged",
        SERVER,
        "        sysctls:",
        "        windowsOptions: {hostProcess: true} # HERE\n        sysctls:",
    ),
    fault(
        "pod.capabilities",
        SERVER,
        "            - ALL",
        "            - NET_RAW",
        Change(SERVER, "drop:\n", "drop: # HERE\n"),
    ),
    fault("pod.capabilities", TEMPLATES, "add: [NET_BIND_SERVICE]", "add: [SYS_ADMIN] # HERE"),
    fault(
        "pod.volumes",
        SERVER,
        "      - name: events\n        persistentVolumeClaim:\n          claimName: events",
        "      - name: events # HERE\n        hostPath: {path: /events}",
    ),
    fault(
        "pod.volumes",
        FIELDS,
        "    - name: tmp\n      emptyDir: {}",
        "    - name: tmp # HERE\n      nfs: {server: a, path: /}",
    ),
    fault(
        "pod.volumes",
        FIELDS,
        "    sparkConf:\n",
        "    sparkConf:\n      spark.kubernetes.executor.volumes.hostPath.disk.mount.path: /disk # HERE\n",
    ),
    fault("pod.ports", SERVER, "- containerPort: 18080", "- containerPort: 18080\n          hostPort: 80 # HERE"),
    fault("pod.probes", SERVER, "            path: /", "            host: 10.0.0.1 # HERE\n            path: /"),
    fault(
        "pod.root",
        TEMPLATES,
        _DRIVER_SECURITY,
        "        securityContext:\n          runAsNonRoot: true\n          runAsUser: 0 # HERE\n",
    ),
    fault("pod.root", TEMPLATES, _DRIVER_SECURITY, "        securityContext:\n          runAsNonRoot: false # HERE\n"),
    fault(
        "pod.root",
        FIELDS,
        "securityContext: {allow",
        "securityContext: {runAsNonRoot: false, allow",
        Change(FIELDS, "capabilities: {drop: [ALL]}}", "capabilities: {drop: [ALL]}} # HERE"),
    ),
    fault(
        "pod.root",
        SERVER,
        "      securityContext:\n        runAsNonRoot: true\n",
        "      securityContext:\n",
        Change(SERVER, "        securityContext:\n", "        securityContext: # HERE\n"),
    ),
    fault(
        "pod.escalation",
        FIELDS,
        "      securityContext:\n        allowPrivilegeEscalation: false\n",
        "      securityContext: # HERE\n",
    ),
    fault(
        "pod.escalation",
        TEMPLATES,
        "            allowPrivilegeEscalation: false\n            readOnly",
        "            allowPrivilegeEscalation: true # HERE\n            readOnly",
    ),
    fault("pod.seccomp", SERVER, "          type: RuntimeDefault", "          type: Unconfined # HERE"),
    fault(
        "pod.seccomp",
        FIELDS,
        "podSecurityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n      securityContext: {",
        "podSecurityContext: {runAsNonRoot: true}\n      securityContext: { # HERE\n        ",
    ),
    fault("pod.proc", SERVER, "procMount: Default", "procMount: Unmasked # HERE"),
    fault("pod.sysctls", SERVER, "net.ipv4.tcp_syncookies", "kernel.msgmax # HERE"),
    fault(
        "pod.selinux",
        TEMPLATES,
        _DRIVER_SECURITY,
        _DRIVER_SECURITY + "          seLinuxOptions: {type: spc_t} # HERE\n",
    ),
    fault(
        "pod.selinux", SERVER, "        sysctls:", "        seLinuxOptions: {user: system_u} # HERE\n        sysctls:"
    ),
    fault("pod.apparmor", SERVER, "io/server: runtime/default", "io/server: unconfined # HERE"),
    fault(
        "pod.apparmor",
        TEMPLATES,
        _DRIVER_SECURITY,
        _DRIVER_SECURITY + "          appArmorProfile: {type: Unconfined} # HERE\n",
    ),
]

_MOUNTS = [
    fault(
        "mount.unknown",
        FIELDS,
        "{name: tmp, mountPath: /tmp}",
        "{name: tmp, mountPath: /tmp}\n      - {name: cache, mountPath: /cache} # HERE",
    ),
    fault("mount.unknown", SERVER, "        - name: events", "        - name: event # HERE"),
    fault(
        "mount.temporary",
        TEMPLATES,
        "mountPath: /tmp",
        "mountPath: /temporary",
        Change(TEMPLATES, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true # HERE"),
    ),
    fault(
        "mount.local",
        FIELDS,
        "    - name: spark-local-dir-1\n      emptyDir: {}",
        "    - name: spark-local-dir-1 # HERE\n      ephemeral: {}",
    ),
]

_SECRETS = [
    fault(
        "secrets.variable",
        FIELDS,
        "valueFrom:\n          secretKeyRef:\n            name: store\n            key: secret",
        "value: AbC123 # HERE",
    ),
    fault(
        "secrets.variable",
        FIELDS,
        "    sparkConf:\n",
        "    sparkConf:\n      spark.executorEnv.DB_PASSWORD: AbC123 # HERE\n",
    ),
    fault(
        "secrets.variable",
        TEMPLATES,
        "          resources:",
        "          env: [{name: STORE, value: 'redis://me:AbC@host:6379'}] # HERE\n          resources:",
    ),
    fault(
        "secrets.property", FIELDS, "    hadoopConf:\n", "    hadoopConf:\n      fs.s3a.secret.key: AbC123 # HERE\n"
    ),
    fault(
        "secrets.property",
        FIELDS,
        "    sparkConf:\n",
        "    sparkConf:\n      spark.hadoop.fs.s3a.bucket.corpus.secret.key: AbC123 # HERE\n",
    ),
]

_ACCOUNTS = [
    fault(
        "account.role",
        NAMESPACE,
        "  verbs: [get, list, watch, create,",
        "  verbs: [get, list, watch,",
        Change(FIELDS, "serviceAccount: driver", "serviceAccount: driver # HERE"),
    ),
    fault(
        "account.role",
        NAMESPACE,
        "subjects:\n- kind: ServiceAccount\n  name: driver",
        "subjects:\n- kind: ServiceAccount\n  name: drivers",
        Change(TEMPLATES, "serviceAccount: driver", "serviceAccount: driver # HERE"),
    ),
    fault("account.driver", FIELDS, "serviceAccount: driver", "serviceAccount: default # HERE"),
    fault("account.executor", TEMPLATES, "serviceAccount: executor", "serviceAccount: driver # HERE"),
    fault(
        "account.executor",
        TEMPLATES,
        "    serviceAccount: executor\n",
        "",
        Change(TEMPLATES, "  executor:", "  executor: # HERE"),
    ),
    fault(
        "account.token", TEMPLATES, "automountServiceAccountToken: false", "automountServiceAccountToken: true # HERE"
    ),
    fault(
        "account.token",
        NAMESPACE,
        "automountServiceAccountToken: false",
        "",
        Change(FIELDS, "    executor:", "    executor: # HERE"),
    ),
    fault(
        "account.wildcard",
        NAMESPACE,
        "  verbs: [get, list, watch, create, update, patch, delete, deletecollection]",
        "  verbs: ['*'] # HERE",
    ),
    fault(
        "account.secrets",
        NAMESPACE,
        "[pods, configmaps,",
        "[pods, secrets, configmaps,",
        Change(NAMESPACE, "persistentvolumeclaims]", "persistentvolumeclaims] # HERE"),
    ),
    fault("account.escalation", NAMESPACE, "deletecollection]", "deletecollection, impersonate] # HERE"),
    fault(
        "account.everyone",
        NAMESPACE,
        "- kind: ServiceAccount\n  name: driver",
        "- kind: Group\n  name: system:authenticated # HERE\n- kind: ServiceAccount\n  name: driver",
    ),
]

_DIGEST = "@sha256:" + "ab" * 32

_IMAGES = [
    fault(
        "image.missing",
        SERVER,
        f"        image: registry.example.com/corpus/history:4.2.0{_DIGEST}\n",
        "",
        Change(SERVER, "      - name: server", "      - name: server # HERE"),
    ),
    fault("image.latest", SERVER, f"history:4.2.0{_DIGEST}", "history:latest # HERE"),
    fault("image.latest", FIELDS, f"spark:4.2.0{_DIGEST}", "spark # HERE"),
    fault("image.digest", TEMPLATES, f"spark:4.2.0{_DIGEST}", "spark:4.2.0 # HERE"),
    fault(
        "image.differ",
        FIELDS,
        "    executor:\n",
        f"    executor:\n      image: registry.example.com/corpus/spark:4.1.0{_DIGEST} # HERE\n",
    ),
    fault(
        "image.packages",
        FIELDS,
        "    sparkConf:\n",
        "    deps:\n      packages: ['io.delta:delta-spark_4.2_2.13:4.4.0'] # HERE\n    sparkConf:\n",
    ),
    fault(
        "image.packages",
        FIELDS,
        "    sparkConf:\n",
        "    deps:\n      jars:\n      - https://example.com/a.jar # HERE\n    sparkConf:\n",
    ),
    fault("image.application", TEMPLATES, "local:///opt/corpus/clean.py", "s3a://corpus/clean.py # HERE"),
]

_PROPERTIES = [
    fault(
        "conf.operator", FIELDS, "    sparkConf:\n", "    sparkConf:\n      spark.kubernetes.namespace: other # HERE\n"
    ),
    fault("conf.twice", FIELDS, "    sparkConf:\n", "    sparkConf:\n      spark.executor.memory: 4g # HERE\n"),
    fault("conf.prefix", FIELDS, "    sparkConf:\n", "    sparkConf:\n      sql.shuffle.partitions: '8' # HERE\n"),
    fault(
        "conf.prefix",
        FIELDS,
        "    hadoopConf:\n",
        "    hadoopConf:\n      spark.hadoop.fs.s3a.path.style.access: 'true' # HERE\n",
    ),
    fault("conf.text", FIELDS, 'spark.decommission.enabled: "true"', "spark.decommission.enabled: true # HERE"),
    fault("conf.event-directory", FIELDS, "s3a://corpus/events", "file:///tmp/spark-events # HERE"),
    fault("conf.event-directory", FIELDS, "s3a://corpus/events", "s3://corpus/events # HERE"),
    fault(
        "conf.event-directory",
        FIELDS,
        "      spark.eventLog.dir: s3a://corpus/events\n",
        "",
        Change(FIELDS, "    sparkConf:", "    sparkConf: # HERE"),
    ),
    fault(
        "conf.delta",
        FIELDS,
        "      spark.sql.extensions: io.delta.sql.DeltaSparkSessionExtension\n",
        "",
        Change(FIELDS, "    sparkConf:", "    sparkConf: # HERE"),
    ),
    fault("conf.delta", FIELDS, "delta.catalog.DeltaCatalog", "delta.DeltaCatalog # HERE"),
]

_NAMESPACES = [
    fault(
        "namespace.network",
        NAMESPACE,
        "[Ingress, Egress]",
        "[Ingress]",
        Change(NAMESPACE, "  name: corpus\n  labels", "  name: corpus # HERE\n  labels"),
    ),
    fault(
        "namespace.network",
        NAMESPACE,
        "podSelector: {}",
        "podSelector: {matchLabels: {app: a}}",
        Change(NAMESPACE, "  name: corpus\n  labels", "  name: corpus # HERE\n  labels"),
    ),
    fault("namespace.profile", NAMESPACE, "enforce: restricted", "enforce: baseline # HERE"),
]

_IGNORING = [
    fault(
        "lint.ignore",
        NAMESPACE,
        "  name: corpus\n  labels",
        "  name: corpus\n  annotations: {tokenlake.io/lint-ignore: 'pod.root, pod.rot'} # HERE\n  labels",
    )
]

FAULTS = [
    *_SCHEDULES,
    *_NAMES,
    *_RETRIES,
    *_RESOURCES,
    *_PLACEMENT,
    *_PODS,
    *_MOUNTS,
    *_SECRETS,
    *_ACCOUNTS,
    *_IMAGES,
    *_PROPERTIES,
    *_NAMESPACES,
    *_IGNORING,
]
