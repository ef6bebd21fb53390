#!/bin/bash
# The entry point of the Spark image, with the interface that Spark 4.2 on Kubernetes expects:
#
#   entrypoint.sh driver ARGUMENTS…   the driver: `spark-submit --deploy-mode client ARGUMENTS…`
#   entrypoint.sh executor            an executor, described by the environment variables of its pod
#   entrypoint.sh COMMAND…            any other command, such as `tokenlake check LAKE`
set -euo pipefail

# What the image's configuration sets; a variable of the pod wins.
set_defaults() {
    local name value
    while IFS='=' read -r name value; do
        if [[ $name == PATH ]]; then
            [[ :$PATH: == *:${value%%:*}:* ]] || export PATH="$value:$PATH"
        elif [[ -z ${!name+set} ]]; then
            export "$name=$value"
        fi
    done </usr/share/tokenlake/environment
}

# The root file system is read-only: what programs write goes into one folder, else below /tmp.
set_caches() {
    if ! mkdir -p "$XDG_CACHE_HOME" 2>/dev/null || [[ ! -w $XDG_CACHE_HOME ]]; then
        export XDG_CACHE_HOME=/tmp/cache NUMBA_CACHE_DIR=/tmp/cache/kernels
        mkdir -p "$XDG_CACHE_HOME"
    fi
    [[ -w ${HOME:-/nowhere} ]] || export HOME=/tmp
    # Links: numba reads only from a cache that it can write.
    if [[ ! -d $NUMBA_CACHE_DIR && -d /opt/tokenlake/kernels ]]; then
        local part=$NUMBA_CACHE_DIR.$$
        cp -rs /opt/tokenlake/kernels "$part" && { mv -T "$part" "$NUMBA_CACHE_DIR" 2>/dev/null || rm -rf "$part"; }
    fi
}

# Hadoop asks for the user's name; a cluster may choose a user without one.
name_user() {
    getent passwd "$(id -u)" >/dev/null && return
    local wrapper
    wrapper=$(find /usr/lib -name libnss_wrapper.so -print -quit)
    NSS_WRAPPER_PASSWD=$(mktemp)
    cat /etc/passwd - >"$NSS_WRAPPER_PASSWD" <<<"spark:x:$(id -u):$(id -g)::$HOME:/usr/sbin/nologin"
    export NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP=/etc/group LD_PRELOAD=$wrapper
}

# The class path of an executor: its configuration first.
class_path() {
    local parts=("${SPARK_CONF_DIR:-$SPARK_HOME/conf}")
    [[ -z ${HADOOP_CONF_DIR:-} ]] || parts+=("$HADOOP_CONF_DIR")
    [[ -z ${SPARK_CLASSPATH:-} ]] || parts+=("$SPARK_CLASSPATH")
    parts+=("$SPARK_HOME/jars/*")
    [[ -z ${SPARK_EXTRA_CLASSPATH:-} ]] || parts+=("$SPARK_EXTRA_CLASSPATH")
    [[ -z ${SPARK_DIST_CLASSPATH:-} ]] || parts+=("$SPARK_DIST_CLASSPATH")
    parts+=("$PWD") # where an executor puts the files and jars of its application
    (IFS=:; echo "${parts[*]}")
}

set_defaults
set_caches
name_user

case "${1:-}" in
driver)
    shift
    python -m jobs.engine.spark.event_log "$@"
    command=("$SPARK_HOME/bin/spark-submit"
        --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS"
        --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS"
        --deploy-mode client "$@")
    ;;
executor)
    mapfile -t numbers < <(compgen -v SPARK_JAVA_OPT_ | sed 's/.*_//' | sort -n)
    options=()
    for number in "${numbers[@]}"; do
        option=SPARK_JAVA_OPT_$number
        options+=("${!option}")
    done
    command=("$JAVA_HOME/bin/java" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY"
        -cp "$(class_path)" org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend
        --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES"
        --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP"
        --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --podName "$SPARK_EXECUTOR_POD_NAME")
    ;;
"") command=(tokenlake --help) ;;
*) command=("$@") ;;
esac

if [[ $$ == 1 && -x /usr/bin/tini ]]; then
    exec /usr/bin/tini -s -- "${command[@]}"
fi
exec "${command[@]}"
