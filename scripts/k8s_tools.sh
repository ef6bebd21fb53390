#!/bin/sh
# Brings what the tests of the manifests need and the machine lacks, into .tools: kustomize where there is no kubectl,
# kubeconform, and strict schemas of all kinds. Does nothing, and downloads nothing, when all of it is there.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PWD/.tools/bin:/usr/local/go/bin:$PATH"
export PATH

kustomize=v5.7.1
kubeconform=v0.8.0
spark_operator=v2.5.1
prometheus_operator=v0.85.0
kubernetes_validate=1.37.0 # holds the schemas of several versions of Kubernetes
kubernetes=1.35.0

say() { printf '%s\n' "$*" >&2; }

need() { # program, what for, where to get it
    command -v "$1" >/dev/null && return
    say "$1 is missing; it $2: $3"
    exit 1
}

install() { # program, module@version
    mark=".tools/bin/.$1-${2##*@}"
    [ -x ".tools/bin/$1" ] && [ -e "$mark" ] && return
    need go "builds $1" "https://go.dev/doc/install"
    say "building $1 (once)"
    mkdir -p .tools/bin
    GOBIN="$PWD/.tools/bin" GOFLAGS= go install "$2"
    touch "$mark"
}

module() { # module@version: its folder
    GOFLAGS=-mod=mod go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

command -v kubectl >/dev/null || install kustomize "sigs.k8s.io/kustomize/kustomize/v5@$kustomize"
install kubeconform "github.com/yannh/kubeconform/cmd/kubeconform@$kubeconform"

mark=".tools/schemas/.$kubernetes-$spark_operator-$prometheus_operator-$(cksum <scripts/k8s_schemas.py | tr ' ' -)"
[ -e "$mark" ] && exit 0
need go "downloads the definitions of the operators" "https://go.dev/doc/install"
need uv "downloads the schemas of Kubernetes" "run make setup"
say "making the schemas (once)"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
uv pip install --quiet --no-deps --no-cache --python .venv/bin/python --target "$temporary/package" "kubernetes-validate==$kubernetes_validate"
operator=$(module "github.com/kubeflow/spark-operator/v2@$spark_operator")
monitoring=$(module "github.com/prometheus-operator/prometheus-operator@$prometheus_operator")
rm -rf .tools/schemas
.venv/bin/python scripts/k8s_schemas.py .tools/schemas \
    "$temporary/package/kubernetes_validate/kubernetes-json-schema/v$kubernetes-local-strict" \
    "$operator"/config/crd/bases/*.yaml "$monitoring"/example/prometheus-operator-crd/*.yaml >&2
touch "$mark"
