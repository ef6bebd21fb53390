"""The operator's side: manifests of the scheduled jobs from one file of values, and what a cluster does with them.

`values` -> `applications` -> `overlay` -> `kubectl kustomize` -> a cluster. `k8s/README.md` shows how the parts fit.
"""
