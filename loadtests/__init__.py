"""Load, and what breaks under it: all from outside, over HTTP, against a gateway that runs."""
