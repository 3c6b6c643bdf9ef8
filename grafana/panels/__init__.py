"""The dashboards, panel by panel, in Python: one module a dashboard, and what they are drawn and asked with.

`python -m grafana.build` writes them to `grafana/dashboards/`.
"""
