#!/bin/bash
# /opt/decom.sh, which Spark sets as the hook that Kubernetes runs before it stops an executor: asks the executor
# (signal PWR) to hand over its blocks, and waits until it has ended. Kubernetes' grace period limits the wait.
set -u
for process in /proc/[0-9]*; do
    [[ $(readlink "$process/exe") == */java ]] || continue
    grep -qaF KubernetesExecutorBackend "$process/cmdline" 2>/dev/null || continue
    pid=${process#/proc/}
    echo "asking the executor (process $pid) to decommission itself"
    kill -s PWR "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 1; done
done
