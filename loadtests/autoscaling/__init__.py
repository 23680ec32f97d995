"""Kubernetes' autoscaling replayed on measured figures: what thresholds do to replicas, latency and cost before a cluster shows it."""
