"""Asks the gateway in this container whether it runs, or another question that is its argument, such as /readyz.

Run by its file, without the packages, since it runs every few seconds.
"""

import os
import sys
from urllib.error import URLError
from urllib.request import urlopen

SECONDS = 2.0


def main(path: str = "/healthz") -> int:
    """The exit code: 0 where it answers so, else 1 with a line on standard error."""
    url = f"http://127.0.0.1:{os.environ.get('GATEWAY_PORT', '8000')}{path}"
    try:
        with urlopen(url, timeout=SECONDS):
            return 0
    except (URLError, OSError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
