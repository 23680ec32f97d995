"""What runs inside TorchServe. Only `digit_handler.py` and `model-config.yaml` travel in the archive."""
