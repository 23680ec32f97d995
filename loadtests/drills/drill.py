"""What the scenarios of a drill share: alerts are waited for where Alertmanager tells them, and must come, act, end, or stay away."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from loadtests.command import say
from loadtests.drills.watch import Prometheus, Windows
from loadtests.pictures import Unseen
from loadtests.programs import Failed, wait_until
from loadtests.stack import Stack

TOLD_WITHIN_SECONDS = 4
"""From a rule that fires to the alert at the gateway: a scrape, an evaluation and Alertmanager's own waiting, a second each."""


@dataclass(frozen=True)
class Form:
    """How long windows last and how much traffic fills them."""

    windows: Windows
    pictures: int
    """Distinct ones of a scenario on drift; the rules ask for 500."""
    zipf_requests: int
    zipf_catalogue: int
    labels: int
    """Of the scenario on accuracy; the rules ask for 2,300."""


@dataclass
class Drill:
    """What the scenarios share: the stack, its Prometheus, pictures that nobody sent yet, and the alerts that were seen."""

    form: Form
    stack: Stack
    prometheus: Prometheus
    unseen: Unseen
    awaited: list[dict[str, Any]] = field(default_factory=list)
    """Alerts that have arrived and must still resolve."""

    def scenario(self, title: str) -> float:
        """The time at which it begins, in seconds since 1970."""
        say(f"\n{title}")
        return time.time()

    def arrives(self, name: str, since: float, action: str, seeing: Callable[[], str] = str, **labels: str) -> None:
        """An alert with these labels arrives and has its action; `seeing` says what is seen just before. Raises Failed."""
        seen = ""

        def told() -> bool:
            nonlocal seen
            found = [alert for alert in self._since(since) if alert["name"] == name and labels.items() <= alert["labels"].items()]
            self.awaited.extend(found[:1])
            seen = seen if found else seeing()
            return bool(found)

        which = " ".join([name, *labels.values()])
        wait_until(told, self.form.windows.hour, f"the arrival of {which}", every=0.25)
        kind = self.awaited[-1]["action"]["kind"]
        if kind != action:
            raise Failed(f"{which} arrived with the action {kind}, not {action}")
        say(", ".join(filter(None, [f"  {which}: arrived after {time.time() - since:.1f} s with the action {action}", seen])))

    def silent(self, since: float, *names: str, **labels: str) -> None:
        """None of these has begun to fire with these labels. Raises Failed."""
        found = {alert["name"] for alert in self._since(since) if labels.items() <= alert["labels"].items()} & set(names)
        if found:
            raise Failed(f"{', '.join(sorted(found))} fired")
        say(f"  silent: {', '.join(names)}")

    def resolves(self, *names: str) -> None:
        """All that arrived under these names is over; without names, all that arrived. Raises Failed."""
        ended = [alert for alert in self.awaited if not names or alert["name"] in names]
        self.awaited = [alert for alert in self.awaited if alert not in ended]
        for alert in ended:
            seconds = wait_until(partial(self._lasted, alert), 2 * self.form.windows.day + 60, f"the resolving of {alert['name']}")
            say(f"  {alert['name']}: resolved; it fired for {self._lasted(alert):.0f} s ({seconds:.0f} s waited)")

    def _lasted(self, arrived: dict[str, Any]) -> float:
        """How many seconds it fired; 0 while it does."""
        for alert in self.stack.gateway.alerts():
            if all(alert[what] == arrived[what] for what in ("name", "labels", "started")) and alert.get("resolved"):
                return (datetime.fromisoformat(alert["resolved"]) - datetime.fromisoformat(alert["started"])).total_seconds()
        return 0.0

    def holds(self, what: str, condition: Callable[[], bool]) -> None:
        """For as long as an alert takes to fire and to be told. Raises Failed."""
        wait_until(condition, self.form.windows.hour, what)
        until = time.monotonic() + self.form.windows.lasting + TOLD_WITHIN_SECONDS
        while time.monotonic() < until:
            if not condition():
                raise Failed(f"{what} did not last")
            time.sleep(0.5)

    def _since(self, since: float) -> list[dict[str, Any]]:
        return [alert for alert in self.stack.gateway.alerts() if datetime.fromisoformat(alert["started"]).timestamp() >= since]
