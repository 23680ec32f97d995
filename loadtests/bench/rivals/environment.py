"""What a rival is told when it is started: by these environment variables, and nothing else."""

HOST = "127.0.0.1"
PORT = "RIVAL_PORT"
NETWORK = "RIVAL_NETWORK"
"""The path of the TorchScript file."""
