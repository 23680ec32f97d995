"""Do other pictures arrive than the model was made for: the index first, then what it is made of, then the mix of all traffic."""

from monitoring.dashboards.board import MODEL_VERSION, OF_VERSION, RATE, Board, Row
from monitoring.dashboards.panels import BASELINE, Panel, Query, Steps, bars, graph, stat

DRIFT = 0.2
"""The population stability index, in nats, from which on it is drift."""

PICTURES_ENOUGH = 500
INDEX: Steps = ((None, "green"), (DRIFT / 2, "orange"), (DRIFT, "red"))
DISTINCT = f'traffic="distinct", {OF_VERSION}'
ALL = f'traffic="all", {OF_VERSION}'
FEATURES = {
    "ink": "Ink: share of the picture that is drawn on, from little to much",
    "aspect": "Aspect: width by height of the digit, from narrow to wide",
    "slant": "Slant: from leaning left to leaning right",
    "stroke": "Stroke: width of the line, from thin to thick",
    "polarity": "Polarity: 0 is light on dark, 1 is dark on light",
    "digit": "Digits answered",
}


def _index(title: str, description: str, traffic: str, thresholds: Steps | None) -> Panel:
    query = Query(f"digits:psi:index{{{traffic}}}", "{{feature}} {{model_version}}")
    if thresholds is None:
        return graph(title, description, "none", query, height=9, decimals=3)
    return graph(title, description, "none", query, height=9, decimals=3, thresholds=thresholds, runbook="InputDrift")


def _now_and_usual(feature: str, title: str) -> Panel:
    def share(traffic: str) -> str:
        cells = f'digits:input_bucket:increase{{feature="{feature}", {traffic}}}'
        return f"sum by (bucket) ({cells}) / on () group_left () (sum({cells}) > 0)"

    return bars(
        title,
        "Share of the last hour's distinct pictures in each bucket, beside the training pictures. Buckets are the model's own, most of "
        "them made to hold a tenth of the training pictures.",
        "percentunit",
        "bucket",
        {
            "now": Query(share(DISTINCT), line="orange"),
            "when trained": Query(f'avg by (bucket) (digits:usual_share:ratio{{feature="{feature}", {OF_VERSION}}})', line=BASELINE),
        },
        decimals=1,
        runbook="PredictionDrift" if feature == "digit" else "InputDrift",
    )


BOARD = Board(
    "digitserve-drift",
    "digitserve / drift",
    "Pictures of the last hour against those that the model was trained on.",
    [
        Row(
            "Do other pictures arrive?",
            [
                stat(
                    "Highest index of a feature",
                    "Of distinct pictures. Over 0.2 is drift, and alerts where there are enough of them.",
                    "none",
                    Query(f'max(digits:psi:index{{feature!="digit", {DISTINCT}}})'),
                    decimals=3,
                    thresholds=INDEX,
                    runbook="InputDrift",
                ),
                stat(
                    "Index of the digits answered",
                    "To distinct pictures. Over 0.2 other digits arrive, or the same are read otherwise.",
                    "none",
                    Query(f'max(digits:psi:index{{feature="digit", {DISTINCT}}})'),
                    decimals=3,
                    thresholds=INDEX,
                    runbook="PredictionDrift",
                ),
                stat(
                    "Enough pictures to judge?",
                    f"{PICTURES_ENOUGH} distinct pictures within the hour; on fewer the index is high by chance and no alert speaks.",
                    "none",
                    Query(f"digits:pictures_enough:bool{{{DISTINCT}}}", "{{model_version}}"),
                    says={1: ("enough", "green"), 0: ("not enough data", "orange")},
                    runbook="InputDrift",
                ),
                stat(
                    "Distinct pictures, last hour",
                    "Those that no cache knew.",
                    "none",
                    Query(f"digits:pictures:sum{{{DISTINCT}}}", "{{model_version}}"),
                    decimals=0,
                    thresholds=((None, "orange"), (PICTURES_ENOUGH, "green")),
                ),
                stat(
                    "All answers, last hour",
                    "Hits included.",
                    "none",
                    Query(f"digits:pictures:sum{{{ALL}}}", "{{model_version}}"),
                    decimals=0,
                    width=8,
                ),
                _index(
                    "Stability index of distinct pictures",
                    "Population stability index in nats, by feature and over the digits answered, for pictures that no cache knew. The red "
                    "line is drift: look at what arrives, label some of it, retrain if it stays.",
                    DISTINCT,
                    INDEX,
                ),
                _index(
                    "The mix: stability index of all answers",
                    "The same over all answers, hits included. It shows the mix of traffic and never alerts: one picture that is asked "
                    "for again and again moves it.",
                    ALL,
                    None,
                ),
            ],
        ),
        Row(
            "What is different? Distinct pictures of the last hour against training",
            [_now_and_usual(feature, title) for feature, title in FEATURES.items()],
        ),
        Row(
            "The mix of all traffic",
            [
                bars(
                    "Digits answered, all traffic",
                    "Share of all answers of the last hour, hits included, beside the distinct pictures alone and the training pictures. "
                    "Where only the first differs, a few pictures are asked for often.",
                    "percentunit",
                    "bucket",
                    {
                        name: Query(
                            f'sum by (bucket) (digits:input_bucket:increase{{feature="digit", {traffic}}})'
                            f' / on () group_left () (sum(digits:input_bucket:increase{{feature="digit", {traffic}}}) > 0)',
                            line=colour,
                        )
                        for name, traffic, colour in (("all answers", ALL, "purple"), ("distinct pictures", DISTINCT, "orange"))
                    }
                    | {
                        "when trained": Query(f'avg by (bucket) (digits:usual_share:ratio{{feature="digit", {OF_VERSION}}})', line=BASELINE)
                    },
                    decimals=1,
                    width=12,
                ),
                graph(
                    "Digits answered over time",
                    "All answers, hits included.",
                    "ops",
                    Query(f"sum by (digit) (rate(digits_predictions_total{{{OF_VERSION}}}[{RATE}]))", "{{digit}}"),
                    stack=True,
                ),
            ],
        ),
    ],
    [MODEL_VERSION],
)
