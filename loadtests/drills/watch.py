"""The committed Prometheus and Alertmanager files with shorter windows: thresholds, guards and expressions stay as they are."""

import json
import re
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from loadtests.pictures import CHECKOUT
from loadtests.programs import program
from loadtests.stack import LOOPBACK, Stack, free_port

RANGE = re.compile(r"(\[|\boffset )(\d+[smhd])\b")
FOR = re.compile(r"\bfor: \d+[smhd]\b")
PACE = re.compile(r"\b(scrape_interval|evaluation_interval|interval|group_wait|group_interval): \d+[smhd]\b")


@dataclass(frozen=True)
class Windows:
    """How many seconds what the rules look back on lasts here. `lasting` takes the place of every `for`."""

    day: int
    hour: int
    five_minutes: int
    lasting: int = 2

    @property
    def seconds(self) -> Mapping[str, int]:
        """By the rules' own way of writing. A canary's two minutes stay as many canaries as they were."""
        return {
            "1d": self.day,
            "6h": 2 * self.hour,
            "1h": self.hour,
            "30m": 2 * self.five_minutes,
            "5m": self.five_minutes,
            "2m": 20,
        }

    def shorten(self, text: str) -> str:
        """Raises KeyError for a range that has no shorter one."""
        text = RANGE.sub(lambda found: f"{found[1]}{self.seconds[found[2]]}s", text)
        return PACE.sub(r"\1: 1s", FOR.sub(f"for: {self.lasting}s", text))


class Prometheus:
    """One that runs."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def ask(self, expression: str) -> dict[tuple[str, ...], float]:
        """Values now, by the values of their labels in the order of the labels' names."""
        query = urllib.parse.urlencode({"query": expression}).encode()
        with self._open(f"{self._url}/api/v1/query", query, 10) as answer:
            found = json.load(answer)["data"]["result"]
        return {tuple(value for name, value in sorted(each["metric"].items())): float(each["value"][1]) for each in found}

    def value(self, expression: str) -> float:
        """The largest; 0 where there is none."""
        return max(self.ask(expression).values(), default=0.0)


@contextmanager
def watched(stack: Stack, windows: Windows) -> Iterator[Prometheus]:
    """As `make monitor` does it, once every series of the gateway was scraped."""
    files = stack.folder / "monitoring"
    (files / "rules").mkdir(parents=True)
    committed = CHECKOUT / "monitoring"
    for file in (committed / "prometheus.yml", committed / "alertmanager.yml", *sorted((committed / "rules").glob("*.yml"))):
        (files / file.relative_to(committed)).write_text(windows.shorten(file.read_text()))
    port = free_port()
    environment = stack.environment | {"PROMETHEUS_PORT": str(port), "ALERTMANAGER_PORT": str(free_port())}
    command = [sys.executable, "-m", "monitoring.run", "--files", str(files)]
    log = stack.folder / "monitor.log"
    with program(command, log, environment, is_up=lambda: "Ctrl-C ends both" in log.read_text()):
        yield Prometheus(f"http://{LOOPBACK}:{port}")
