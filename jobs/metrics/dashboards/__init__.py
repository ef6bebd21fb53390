"""Grafana dashboards of a lake, made from code: a query names metrics of the catalogue, so none can name another."""
