"""The rule files as data: which rules there are, what each reads, and copies in which one number is changed."""

import copy
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MONITORING = Path(__file__).parents[2] / "monitoring"
FILES = tuple(MONITORING / "rules" / name for name in ("recording.yml", "alerts.yml"))
STRING = re.compile(r'"[^"]*"')
NUMBER = re.compile(r"(?<![\w.:])\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.:])")
NAME = re.compile(r"[a-zA-Z_:][\w:]*")
SECONDS = {"s": 1, "m": 60, "h": 3_600}

Group = dict[str, Any]
Rule = dict[str, Any]


@functools.cache
def groups() -> list[Group]:
    """All groups of all files, those that are read before those that read."""
    return [group for path in FILES for group in yaml.safe_load(path.read_text())["groups"]]


def rules(among: list[Group]) -> Iterator[Rule]:
    for group in among:
        yield from group["rules"]


def alerts() -> dict[str, Rule]:
    return {rule["alert"]: rule for rule in rules(groups()) if "alert" in rule}


def records() -> set[str]:
    return {rule["record"] for rule in rules(groups()) if "record" in rule}


def name_of(rule: Rule) -> str:
    return str(rule.get("alert") or rule["record"])


def without_strings(expr: str) -> str:
    """The expression with every string blanked, as long as before."""
    return STRING.sub(lambda found: " " * len(found[0]), expr)


def read_by(names: set[str], among: list[Group]) -> set[str]:
    """These and, over any number of steps, the records that they read."""
    exprs: dict[str, str] = {}
    for rule in rules(among):
        exprs[name_of(rule)] = exprs.get(name_of(rule), "") + " " + without_strings(rule["expr"])
    found, new = set(names), set(names)
    while new:
        new = {word for name in new for word in NAME.findall(exprs[name]) if word in exprs} - found
        found |= new
    return found


def only(names: set[str], among: list[Group]) -> list[Group]:
    """The groups with these rules alone."""
    kept = [{**group, "rules": [rule for rule in group["rules"] if name_of(rule) in names]} for group in among]
    return [group for group in kept if group["rules"]]


def seconds(duration: str) -> int:
    return int(duration[:-1]) * SECONDS[duration[-1]]


@dataclass(frozen=True)
class Mutant:
    """All groups with one number changed, in the rule of this name."""

    rule: str
    change: str
    groups: list[Group]


def mutants() -> Iterator[Mutant]:
    """Every number of every expression and every `for`, a fifth less and a fifth more; an alert's 0 becomes -1 and 1."""
    base = groups()
    for at, group in enumerate(base):
        for index, rule in enumerate(group["rules"]):
            for changed, change in _changes(rule):
                mutated = copy.deepcopy(base)
                mutated[at]["rules"][index] = changed
                where = ",".join(rule.get("labels", {}).values()) if "record" in rule else ""
                yield Mutant(name_of(rule), f"{name_of(rule)}{f'({where})' if where else ''}: {change}", mutated)


def _changes(rule: Rule) -> Iterator[tuple[Rule, str]]:
    if name_of(rule) == "Watchdog":  # its 1 is no threshold
        return
    expr = rule["expr"]
    for found in NUMBER.finditer(without_strings(expr)):
        for new in _beside(float(found[0]), "alert" in rule):
            told = f"{found[0]} -> {new} at {found.start()}"
            yield {**rule, "expr": f"{expr[: found.start()]}{new}{expr[found.end() :]}"}, told
    if "for" in rule:
        for new in _beside(seconds(rule["for"]), True):
            yield {**rule, "for": f"{round(float(new))}s"}, f"for {rule['for']} -> {new} s"


def _beside(number: float, zero_too: bool) -> tuple[str, ...]:
    if number == 0:
        return ("-1", "1") if zero_too else ()
    return f"{number * 0.8:.12g}", f"{number * 1.2:.12g}"
