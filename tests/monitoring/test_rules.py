"""What rules read is there: every series, every label's value, in code or in a record of ours."""

import re
from collections.abc import Iterator

import pytest
import yaml

from gateway.contract import CacheState
from gateway.metrics import Metrics
from gateway.reference import CLASSES, FEATURES
from gateway.series import CACHE_STATES, LOOKUP_OUTCOMES, PREDICT_STATUSES, RECORD_OUTCOMES, TIERS
from tests.monitoring.expressions import unknown_in
from tests.monitoring.rules import MONITORING, Rule, groups, name_of, rules

MATCHER = re.compile(r"([\w:]+)\{([^}]*)\}")
LABEL = re.compile(r'(\w+)\s*(=~|!=|=)\s*"([^"]*)"')
DIGITS = frozenset(map(str, range(CLASSES)))
SCRAPED = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
OURS = [rule.get("labels", {}) for rule in rules(groups()) if "record" in rule]
TAKEN = {
    "cache": frozenset(CACHE_STATES),
    "feature": frozenset(FEATURES),
    "tier": frozenset(TIERS),
    "status": frozenset(map(str, PREDICT_STATUSES)),
    "route": frozenset(("/v1/predict",)),
    "label": DIGITS,
    "predicted": DIGITS,
    "read": frozenset(("right", "wrong")),
    "quantile": frozenset(("0.5", "0.95", "0.99")),
    "job": frozenset(str(scraped["job_name"]) for scraped in SCRAPED),
    **{name: frozenset(labels[name] for labels in OURS if name in labels) for name in ("window", "traffic")},
}
"""The values of each label that rules may name."""
OUTCOMES = {"gateway_cache_lookups_total": frozenset(LOOKUP_OUTCOMES), "gateway_records_total": frozenset(RECORD_OUTCOMES)}

every_rule = pytest.mark.parametrize("rule", list(rules(groups())), ids=name_of)


def matchers(expr: str) -> Iterator[tuple[str, str, str]]:
    """The series, the label and each alternative that its matcher names."""
    for series, inside in MATCHER.findall(expr):
        for label, _, value in LABEL.findall(inside):
            for alternative in value.split("|"):
                yield series, label, alternative


@every_rule
def test_every_series_that_a_rule_reads_is_there(rule: Rule) -> None:
    assert not unknown_in(rule["expr"])


@every_rule
def test_every_label_value_that_a_rule_names_is_there(rule: Rule) -> None:
    for series, label, value in matchers(rule["expr"]):
        taken = OUTCOMES[series] if label == "outcome" else TAKEN[label]
        assert any(re.fullmatch(value, each) for each in taken), f'{series}{{{label}="{value}"}}'


def test_matchers_are_found() -> None:
    named = {(label, value) for rule in rules(groups()) for _, label, value in matchers(rule["expr"])}
    assert {("cache", "miss"), ("cache", "hit"), ("outcome", "dropped"), ("feature", "polarity"), ("status", "5..")} <= named


def test_what_is_distinct_is_what_the_cache_did_not_hold() -> None:
    assert CacheState.MISS.value == "miss"
    distinct = [rule["expr"] for rule in rules(groups()) if rule.get("labels", {}).get("traffic") == "distinct"]
    assert len(distinct) == 1
    assert distinct[0].count('digits_input_feature_total{cache="miss"}') == distinct[0].count("digits_input_feature_total")


def test_read_is_what_the_baseline_tells() -> None:
    metrics = Metrics()
    metrics.baseline_class.labels("3", "right", "v1")
    family = next(family for family in metrics.registry.collect() if family.name == "digits_baseline_class_pictures")
    assert set(family.samples[0].labels) == {"label", "read", "model_version"}
