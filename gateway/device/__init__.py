"""The gateway on a small device: one process of under 100 MB that answers predict's contract by an exported network.

It is the gateway's own path of a prediction, with a network in this process where TorchServe stands otherwise. What it does without
(FastAPI, pydantic, Redis, records, httpx, torch) is not imported. The 100 MB were measured with small pictures, one request at a time:
while large ones arrive they are held besides, eight of more than 1 MiB at most. Hence, unless the environment says otherwise, a picture
has 2 MiB at most as sent and the cache 4 MiB; whatever it says, no more than 600,000 pixels where the format cannot be decoded reduced.

Records, Redis, further models, traces, sockets and several processes are refused where settings ask for them. Settings of TorchServe, of
the database, of retention and of the canary are read with the others and mean nothing here.

 Besides the checkout a device needs numpy, opencv-python-headless,
pillow, orjson, uvicorn, uvloop, httptools, starlette, python-multipart, prometheus-client, onnxruntime, and pydantic-settings for the
moment in which settings are read.
"""
