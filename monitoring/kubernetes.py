"""Writes the rules as a PrometheusRule for the Prometheus operator: the text of `monitoring/rules`, remarks included, under its head."""

import textwrap
from pathlib import Path

ROOM = Path(__file__).parent
RULES = (ROOM / "rules" / "recording.yml", ROOM / "rules" / "alerts.yml")
"""Those that are read before those that read."""

WRITTEN = ROOM.parent / "k8s" / "overlays" / "production" / "prometheus-rule.yaml"
HEAD = """\
# Made by `python -m monitoring.kubernetes` of monitoring/rules; change those.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: digitserve
spec:
  groups:
"""


def prometheus_rule() -> str:
    """The manifest, byte for byte the same each time."""
    return HEAD + "".join(textwrap.indent(groups_of(path), "  ") for path in RULES)


def groups_of(path: Path) -> str:
    """The text of a file of rules without its line `groups:`. Raises ValueError where there is none."""
    remarks, found, groups = path.read_text().partition("\ngroups:\n")
    if not found:
        raise ValueError(f"{path} has no line `groups:`")
    return f"{remarks}\n{groups}"


def main() -> None:
    WRITTEN.write_text(prometheus_rule())


if __name__ == "__main__":
    main()
