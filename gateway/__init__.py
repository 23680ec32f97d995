"""The front door: a picture over HTTP in, a digit out. Never imports torch."""

__version__ = "0.1.0"
