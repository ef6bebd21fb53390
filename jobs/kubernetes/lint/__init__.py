"""Manifests judged by rules: what the Spark operator and the API server let through, and a run then fails on.

`read` -> `node.Document`s -> `given.Given` (applications, pods, objects) -> the rules of `registry` -> `findings`.
One file for each family of rules. A rule is a pure function that yields the places it objects to.
"""
