"""Stands in for a worker: `worker_double MANNER FOLDER PLACE` notes its process id in FOLDER and listens, or not.

`serving`: takes connections until SIGTERM. `deaf`: to SIGTERM. `slow`: does not listen yet. `refusing`: says why and exits 1.
`dying`: prints a line and exits 3, a little later. `shy`: as serving, but only in place 1; elsewhere it dies.
"""

import os
import signal
import sys
import time
from pathlib import Path

from gateway.workers.port import shared


def main(manner: str, folder: str, place: str) -> None:
    if manner == "dying" or (manner == "shy" and place != "1"):
        print("the double is unwell", flush=True)
        time.sleep(0.3)
        sys.exit(3)
    if manner == "refusing":
        print("digitserve: the double does not like this setting", flush=True)
        sys.exit(1)
    if manner == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    counts = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    for name in ("counter", "gauge_livesum"):
        (counts / f"{name}_{place}.db").touch()
    listeners = [] if manner == "slow" else shared(os.environ["GATEWAY_HOST"], int(os.environ["GATEWAY_PORT"]))
    for listener in listeners:
        listener.listen()
    note = Path(folder) / f"worker-{place}"
    note.with_suffix(".part").write_text(str(os.getpid()))
    note.with_suffix(".part").rename(note)
    time.sleep(300)


if __name__ == "__main__":
    main(*sys.argv[1:])
