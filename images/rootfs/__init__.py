"""Carries out a Containerfile without a container engine: the root file system of its last stage, as a folder."""
