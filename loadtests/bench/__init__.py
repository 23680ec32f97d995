"""Benchmarks: what is measured is started here, alternating with what it is compared with, and every answer is checked."""
