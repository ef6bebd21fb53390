#!/bin/sh
# A cluster on this machine with the Spark operator, tokenlake's data plane and a first run. Every step can be repeated.
#
#   sh scripts/kind_up.sh        needs docker, kind, kubectl, helm, and the image that `make image` builds
#   sh scripts/kind_up.sh down   deletes the cluster
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PWD/.tools/bin:$PATH"
export PATH
operator=2.5.1
namespace=tokenlake-dev
image=${IMAGE:-tokenlake/spark:dev}

say() { printf '%s\n' "$*" >&2; }
require() { # command, where it comes from
    command -v "$1" >/dev/null || { say "$1 is missing; install it ($2), then run this again"; exit 1; }
}

require docker https://docs.docker.com/engine/install
require kind https://kind.sigs.k8s.io/docs/user/quick-start
[ "${1:-up}" = down ] && exec kind delete cluster --name tokenlake
require kubectl https://kubernetes.io/docs/tasks/tools
require helm https://helm.sh/docs/intro/install
docker image inspect "$image" >/dev/null 2>&1 || { say "there is no image $image; run 'make image', or set IMAGE"; exit 1; }

kind get clusters | grep -qx tokenlake || kind create cluster --config k8s/kind/cluster.yaml --wait 120s
kubectl config use-context kind-tokenlake >/dev/null
kind load docker-image "$image" --name tokenlake
helm upgrade --install spark-operator spark-operator --repo https://kubeflow.github.io/spark-operator \
    --version "$operator" --namespace spark-operator --create-namespace --wait \
    --set "spark.jobNamespaces={$namespace}" --set spark.serviceAccount.create=false --set spark.rbac.create=false
# An image that only this cluster has is known by its tag, not by a digest.
tokenlake k8s render k8s/overlays/dev/values.yaml --set "image=$image" | kubectl apply --server-side -f -
kubectl -n "$namespace" rollout status deployment/s3 --timeout 180s
tokenlake k8s run pipeline -n "$namespace" --follow
tokenlake k8s status -n "$namespace"
tokenlake k8s report -n "$namespace" --output lakes/kind-report.html
say "the report: lakes/kind-report.html; 'make kind-down' deletes the cluster"
