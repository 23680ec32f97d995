"""The gateway on a small device: one process of under 100 MB that answers predict's contract by an exported network.

It is the gateway's own path of a prediction, with a network in this process where TorchServe stands otherwise. What it does without
(FastAPI, pydantic, Redis, records, httpx, torch) is not imported. Besides the checkout a device needs numpy, opencv-python-headless,
pillow, orjson, uvicorn, uvloop, httptools, starlette, python-multipart, prometheus-client, onnxruntime, and pydantic-settings for the
moment in which settings are read.
"""
