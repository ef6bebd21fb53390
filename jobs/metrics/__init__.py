"""Figures of a lake for Prometheus, from logs and small tables alone: no engine is needed."""
