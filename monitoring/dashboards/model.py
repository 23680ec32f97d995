"""Is it still right, for which digit is it not, do known digits say the same, how sure is it, and how good are the labels."""

from monitoring.dashboards.board import IN_WINDOW, MODEL_VERSION, OF_VERSION, RATE, WINDOW, Board, Row
from monitoring.dashboards.panels import BASELINE, LIMIT, Query, Steps, column, graph, heat, matrix, stat, table

POINTS_ALLOWED = 0.005
"""Accuracy this far under the baseline alerts."""

CLASS_ERROR_ALLOWED = 0.1
LABELS_ENOUGH = 2300
"""What half a point takes to be seen."""

BASELINE_ACCURACY = f"max by (model_version) (digits_baseline_accuracy_ratio{{{OF_VERSION}}})"
ENOUGH = {1: ("enough", "green"), 0: ("not enough data", "orange")}
SHARES: Steps = ((None, "transparent"), (0.001, "light-yellow"), (0.01, "orange"), (CLASS_ERROR_ALLOWED, "red"), (0.9, "green"))
"""Of one true digit: next to nothing, some, a tenth of a class, and what should be on the diagonal."""


def _share(cells: str) -> str:
    """Of one label's cells, by what was read."""
    return f"sum by (label, predicted) ({cells}) / on (label) group_left () (sum by (label) ({cells}) > 0)"


BOARD = Board(
    "digitserve-model",
    "digitserve / model",
    "Live accuracy from feedback, by digit too, known digits sent all the time, and how sure the model is.",
    [
        Row(
            "Is it still right?",
            [
                stat(
                    "Accuracy of the window",
                    "Share of labelled answers that were right. Believe it only where there are enough labels.",
                    "percentunit",
                    Query(f"digits:accuracy:ratio{{{IN_WINDOW}}}", "{{model_version}}"),
                    decimals=2,
                    runbook="AccuracyBelowBaseline",
                ),
                stat(
                    "Enough labels to judge?",
                    f"Half a point of accuracy takes {LABELS_ENOUGH:,} labels in the window; on fewer, no alert speaks.",
                    "none",
                    Query(f"digits:labels_enough:bool{{{IN_WINDOW}}}", "{{model_version}}"),
                    says=ENOUGH,
                    runbook="AccuracyBelowBaseline",
                ),
                stat(
                    "Labels in the window",
                    "First labels, corrections moved to where they belong.",
                    "none",
                    Query(f"digits:labels:sum{{{IN_WINDOW}}}", "{{model_version}}"),
                    decimals=0,
                    thresholds=((None, "orange"), (LABELS_ENOUGH, "green")),
                ),
                stat(
                    "Accuracy when released",
                    "On the validation pictures: the baseline.",
                    "percentunit",
                    Query(BASELINE_ACCURACY, "{{model_version}}"),
                    decimals=2,
                    runbook="BaselineMissing",
                ),
                stat(
                    "Answers that got a label",
                    "Of all answers in the window.",
                    "percentunit",
                    Query(f"digits:feedback_coverage:ratio{{{IN_WINDOW}}}", "{{model_version}}"),
                    decimals=2,
                ),
                stat(
                    "Known digits misread, 2 min",
                    "Digits known to be read right that were read wrong; the worst digit of one gateway. Twice in a row alerts.",
                    "none",
                    Query(f"max(digits:canary_wrong:increase{{{OF_VERSION}}})"),
                    decimals=0,
                    thresholds=((None, "green"), (1, "orange"), (2, "red")),
                    runbook="CanaryMisread",
                ),
                graph(
                    "Live accuracy",
                    "By window, with the baseline (blue) and half a point under it (red), under which it alerts where there are enough "
                    "labels: retrain on new data.",
                    "percentunit",
                    Query(f"digits:accuracy:ratio{{{OF_VERSION}}}", "last {{window}} {{model_version}}"),
                    Query(BASELINE_ACCURACY, "baseline {{model_version}}", BASELINE),
                    Query(f"{BASELINE_ACCURACY} - {POINTS_ALLOWED}", "alerts under this {{model_version}}", LIMIT),
                    width=16,
                    height=9,
                    decimals=2,
                    least=None,
                    most=1,
                    runbook="AccuracyBelowBaseline",
                ),
                graph(
                    "Labels by window",
                    "Under the dashed line there are not enough to judge half a point by.",
                    "none",
                    Query(f"digits:labels:sum{{{OF_VERSION}}}", "last {{window}} {{model_version}}"),
                    Query(f"vector({LABELS_ENOUGH})", "enough", BASELINE),
                    width=8,
                    height=9,
                    decimals=0,
                ),
            ],
        ),
        Row(
            "Which digits are misread?",
            [
                matrix(
                    "Confusion",
                    "Of the pictures that are truly the digit at the left (labels of the window), the share that was read as the digit "
                    "above. A good diagonal is green; anything red beside it is a tenth of a class.",
                    "percentunit",
                    Query(_share(f"digits:feedback:increase{{{IN_WINDOW}}}")),
                    rows="label",
                    columns="predicted",
                    decimals=2,
                    thresholds=SHARES,
                    runbook="ClassErrorHigh",
                ),
                table(
                    "Error by digit",
                    "Error over 10 % on at least 50 labels alerts: audit this digit's labels. Before that, a warning where the least that "
                    "it can be now (95 % interval) is over the most that it was on the validation pictures.",
                    "label",
                    {
                        "labels": (
                            Query(f"sum by (label) (digits:class_labels:sum{{{IN_WINDOW}}})"),
                            column("none", decimals=0),
                        ),
                        "enough?": (
                            Query(f"max by (label) (digits:class_labels_enough:bool{{{IN_WINDOW}}})"),
                            column("none", says=ENOUGH),
                        ),
                        "error": (
                            Query(
                                f"clamp(1 - sum by (label) (digits:class_right:sum{{{IN_WINDOW}}})"
                                f" / (sum by (label) (digits:class_labels:sum{{{IN_WINDOW}}}) > 0), 0, 1)"
                            ),
                            column("percentunit", decimals=2, thresholds=((None, "transparent"), (CLASS_ERROR_ALLOWED, "red"))),
                        ),
                        "at least": (
                            Query(f"min by (label) (digits:class_error:lower{{{IN_WINDOW}}})"),
                            column("percentunit", decimals=2),
                        ),
                        "when released": (
                            Query(f"max by (label) (digits:baseline_class_error:ratio{{{OF_VERSION}}})"),
                            column("percentunit", decimals=2),
                        ),
                        "at most": (
                            Query(f"max by (label) (digits:baseline_class_error:upper{{{OF_VERSION}}})"),
                            column("percentunit", decimals=2),
                        ),
                    },
                    height=12,
                    runbook="ClassErrorAboveBaseline",
                ),
                graph(
                    "Error by digit over time",
                    "Of the window. The red line is 10 %.",
                    "percentunit",
                    Query(f"max by (label) (digits:class_error:ratio{{{IN_WINDOW}}})", "{{label}}"),
                    Query(f"vector({CLASS_ERROR_ALLOWED})", "alerts over this", LIMIT),
                    width=24,
                    decimals=2,
                    runbook="ClassErrorHigh",
                ),
            ],
        ),
        Row(
            "What do known digits say?",
            [
                graph(
                    "Known digits sent",
                    "Past every cache, each GATEWAY_CANARY_SECONDS (10) by each gateway; in no other series. None: it is off, or the "
                    "model does not answer.",
                    "cpm",
                    Query(f"60 * sum by (model_version) (rate(digits_canary_total{{{OF_VERSION}}}[{RATE}]))", "{{model_version}}"),
                    width=8,
                    decimals=1,
                    runbook="CanaryMisread",
                ),
                graph(
                    "Known digits misread",
                    "Within 2 minutes, by digit and gateway. From 2 on it alerts: labels may be wrong, these are not.",
                    "none",
                    Query(f"digits:canary_wrong:increase{{{OF_VERSION}}}", "{{label}} at {{instance}}"),
                    Query("vector(2)", "alerts from here on", LIMIT),
                    width=8,
                    decimals=0,
                    runbook="CanaryMisread",
                ),
                matrix(
                    "Known digits, as they were read",
                    "Within 2 minutes: the share of the known digit at the left that was read as the digit above.",
                    "percentunit",
                    Query(_share(f"digits:canary:increase{{{OF_VERSION}}}")),
                    rows="label",
                    columns="predicted",
                    decimals=0,
                    thresholds=SHARES,
                    width=8,
                    height=12,
                    runbook="CanaryMisread",
                ),
            ],
        ),
        Row(
            "How sure is it?",
            [
                heat(
                    "Confidence",
                    "Answers by the probability of their digit, hits included.",
                    "percentunit",
                    Query(f"sum by (le) (increase(digits_confidence_bucket[{RATE}]))", "{{le}}"),
                    width=9,
                    runbook="InputDrift",
                ),
                graph(
                    "Answers not accepted",
                    "Share of answers with `accepted: false`.",
                    "percentunit",
                    Query(
                        f'sum by (model_version) (rate(digits_predictions_total{{accepted="false", {OF_VERSION}}}[{RATE}]))'
                        f" / (sum by (model_version) (rate(digits_predictions_total{{{OF_VERSION}}}[{RATE}])) > 0)",
                        "{{model_version}}",
                    ),
                    width=7,
                    decimals=2,
                    runbook="InputDrift",
                ),
                graph(
                    "Reasons not to accept",
                    "An answer may have several.",
                    "ops",
                    Query(f"sum by (reason) (rate(digits_rejections_total{{{OF_VERSION}}}[{RATE}]))", "{{reason}}"),
                    width=8,
                    stack=True,
                    runbook="InputDrift",
                ),
            ],
        ),
        Row(
            "How good are the labels?",
            [
                graph(
                    "Coverage of feedback",
                    "Share of answers that got a label, by window. A late label counts when it comes.",
                    "percentunit",
                    Query(f"digits:feedback_coverage:ratio{{{OF_VERSION}}}", "last {{window}} {{model_version}}"),
                    width=8,
                    decimals=2,
                ),
                graph(
                    "From the answer to its label",
                    "p50 and p95 by window: how late accuracy is seen.",
                    "s",
                    Query("digits:label_delay_seconds:p50", "p50 last {{window}}"),
                    Query("digits:label_delay_seconds:p95", "p95 last {{window}}"),
                    width=8,
                ),
                graph(
                    "Labels that an auditor replaced",
                    "In the window, from which digit to which. Many of one digit: its labels are wrong, not the model.",
                    "none",
                    Query(
                        f"sum by (previous, label) (digits:corrections:increase{{{IN_WINDOW}}}) or on () vector(0)",
                        "from {{previous}} to {{label}}",
                    ),
                    width=8,
                    decimals=0,
                    stack=True,
                    runbook="ClassErrorHigh",
                ),
            ],
        ),
    ],
    [MODEL_VERSION, WINDOW],
)
