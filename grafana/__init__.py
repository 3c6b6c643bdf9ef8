"""What Prometheus and Grafana need to show callcentre: rules, alerts, dashboards, and how these are built."""
