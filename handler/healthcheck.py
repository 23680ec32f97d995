"""Asks the TorchServe in this container to read a known digit: its own health endpoint says yes for minutes when no worker is left."""

import json
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

URL = "http://127.0.0.1:8080/predictions/digits"
PICTURE, DIGIT = Path(__file__).resolve().parents[1] / "model" / "known" / "7.png", 7
SECONDS = 3.0


def main() -> int:
    """The exit code: 0 where the digit is read right, else 1 with a line on standard error."""
    try:
        with urlopen(Request(URL, PICTURE.read_bytes(), {"Content-Type": "application/octet-stream"}), timeout=SECONDS) as answer:
            [read] = json.load(answer)["predictions"]
    except (URLError, OSError, ValueError, KeyError, TypeError) as error:
        print(f"{URL}: {error!r}", file=sys.stderr)
        return 1
    if read.get("digit") == DIGIT:
        return 0
    print(f"{URL}: a known {DIGIT} is read as {read}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
