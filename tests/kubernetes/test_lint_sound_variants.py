"""What looks like a fault and is none: changes to the sound manifests in `clean/` in which nothing may be found."""

from pathlib import Path

import pytest
from lint_faults import FIELDS, NAMESPACE, SERVER, TEMPLATES, WEEKLY, Change

from jobs.kubernetes.lint.findings import findings
from jobs.kubernetes.lint.read import documents

CLEAN = Path(__file__).parent / "clean"

SPOT_IS_TOLERATED = Change(
    FIELDS,
    "      nodeSelector:\n        pool: on-demand\n",
    "      nodeSelector:\n        pool: on-demand\n      tolerations:\n      - {key: spot, operator: Exists}\n",
)

VARIANTS = {
    "a zone that never changes its clock": [Change(FIELDS, "timeZone: UTC", "timeZone: Asia/Tokyo")],
    "a zone in the schedule itself": [Change(FIELDS, "30 1 * * *\n  timeZone: UTC", "TZ=UTC 30 1 * * *")],
    "every ninety minutes": [Change(FIELDS, "30 1 * * *", "'@every 1h30m'")],
    "a leap day": [Change(FIELDS, "30 1 * * *", "0 0 29 2 *")],
    "a name as long as may be": [Change(FIELDS, "  name: ingest", f"  name: {'i' * 43}")],
    "two schedules at one time, of two applications": [
        Change(WEEKLY, "15 4 * * SUN", "30 1 * * *"),
        Change(WEEKLY, "part-of: corpus", "part-of: other"),
    ],
    "two schedules at one time, of which one is suspended": [
        Change(WEEKLY, "15 4 * * SUN", "30 1 * * *"),
        Change(WEEKLY, "spec:\n  schedule", "spec:\n  suspend: true\n  schedule"),
    ],
    "a driver that tolerates spot nodes and selects others": [SPOT_IS_TOLERATED],
    "a driver that tolerates everything and keeps off spot nodes": [
        Change(
            TEMPLATES,
            "      spec:\n        priorityClassName: driver\n",
            "      spec:\n"
            "        priorityClassName: driver\n"
            "        tolerations: [{operator: Exists}]\n"
            "        affinity:\n"
            "          nodeAffinity:\n"
            "            requiredDuringSchedulingIgnoredDuringExecution:\n"
            "              nodeSelectorTerms:\n"
            "              - matchExpressions: [{key: cloud.google.com/gke-spot, operator: DoesNotExist}]\n",
        )
    ],
    "shuffle files that move before an executor goes": [
        Change(FIELDS, "shuffleTrackingEnabled: true", "shuffleTrackingEnabled: false")
    ],
    "event logs on a claim": [
        Change(FIELDS, "s3a://corpus/events", "file:///events/spark"),
        Change(
            FIELDS,
            "    - name: tmp\n      emptyDir: {}\n",
            "    - name: tmp\n      emptyDir: {}\n"
            "    - name: events\n      persistentVolumeClaim: {claimName: events}\n",
        ),
        Change(
            FIELDS,
            "      - name: tmp\n        mountPath: /tmp\n",
            "      - name: tmp\n        mountPath: /tmp\n      - {name: events, mountPath: /events}\n",
        ),
    ],
    "no event logs": [
        Change(FIELDS, 'eventLog.enabled: "true"', 'eventLog.enabled: "false"'),
        Change(FIELDS, "s3a://corpus/events", "/tmp/events"),
    ],
    "Delta beside another extension": [
        Change(
            FIELDS,
            "io.delta.sql.DeltaSparkSessionExtension",
            "org.example.Mine,io.delta.sql.DeltaSparkSessionExtension",
        )
    ],
    "properties instead of fields": [
        Change(
            TEMPLATES,
            "  driver:\n    cores: 1\n    memory: 1g\n",
            "  sparkConf: {spark.driver.cores: '1', spark.driver.memory: 1g}\n  driver:\n",
        ),
    ],
    "a field and a property that agree": [
        Change(FIELDS, "    sparkConf:\n", "    sparkConf:\n      spark.executor.memory: 6g\n")
    ],
    "a quota for another kind of pods": [
        Change(NAMESPACE, '  hard:\n    requests.cpu: "20"', '  scopes: [Terminating]\n  hard:\n    requests.cpu: "1"')
    ],
    "a quota of CPU limits, which a LimitRange fills in": [
        Change(NAMESPACE, "    requests.cpu:", "    limits.cpu: 40\n    requests.cpu:"),
        Change(NAMESPACE, "    max:", "    default: {cpu: 4}\n    max:"),
    ],
    "a wider role": [
        Change(
            NAMESPACE,
            "deletecollection]\n",
            "deletecollection]\n- {apiGroups: [batch], resources: [jobs], verbs: [get]}\n",
        )
    ],
    "one secret by its name": [
        Change(
            NAMESPACE,
            "deletecollection]\n",
            "deletecollection]\n- {apiGroups: [''], resources: [secrets], verbs: [get], resourceNames: [store]}\n",
        )
    ],
    "two policies that deny one direction each": [
        Change(
            NAMESPACE,
            "  policyTypes: [Ingress, Egress]\n",
            "  policyTypes: [Ingress]\n---\nkind: NetworkPolicy\nmetadata: {name: out, namespace: corpus}\n"
            "spec: {podSelector: {}, policyTypes: [Egress]}\n",
        )
    ],
    "a name of a key, a file and a reference are no secrets": [
        Change(
            FIELDS,
            "      env:\n",
            "      env:\n      - {name: AWS_ACCESS_KEY_ID, value: AKIA}\n"
            "      - {name: DB_PASSWORD_FILE, value: /run/secrets/db}\n      - {name: API_TOKEN, value: $(OTHER)}\n",
        )
    ],
    "a pod's own seccomp profile and user": [
        Change(
            SERVER,
            "        runAsNonRoot: true\n        seccompProfile:\n          type: RuntimeDefault\n",
            "",
        ),
        Change(
            SERVER,
            "          allowPrivilegeEscalation: false\n          procMount",
            "          allowPrivilegeEscalation: false\n          runAsNonRoot: true\n"
            "          seccompProfile: {type: Localhost, localhostProfile: a}\n          procMount",
        ),
        Change(
            SERVER,
            "securityContext: {allow",
            "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, allow",
        ),
    ],
    "memory in other units": [
        Change(FIELDS, "memory: 6g", "memory: 6144M"),
        Change(SERVER, "memory: 1Gi", "memory: 1e9"),
    ],
    "an image by digest alone": [Change(FIELDS, "spark:4.2.0@", "spark@")],
    "an annotation of Karpenter": [
        Change(
            FIELDS, 'cluster-autoscaler.kubernetes.io/safe-to-evict: "false"', 'karpenter.sh/do-not-disrupt: "true"'
        )
    ],
}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
def test_nothing_is_found_in_a_sound_variant(changes, tmp_path):
    texts = {path.name: path.read_text() for path in CLEAN.iterdir()}
    for file, old, new in changes:
        assert texts[file].count(old) == 1, f"{old!r} must stand once in {file}"
        texts[file] = texts[file].replace(old, new)
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert [each.text for each in findings(documents(str(tmp_path)))] == []
