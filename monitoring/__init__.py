"""Watching: what Prometheus records and alerts on, what Grafana shows, what a person then does. Nothing here knows another room's code."""
