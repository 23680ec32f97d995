"""What the model card says of a network that bears corruptions better than the one that is served, from results files alone. No torch."""

from typing import Any

from model.wording import percent, share

FACTS = ("panel", "n", "seed")


def section(sturdy: dict[str, Any], served: dict[str, Any]) -> str:
    """A section of the card, as Markdown, from two results of `python -m model corruptions`. Raises ValueError where they cannot be
    compared."""
    if any(sturdy[fact] != served[fact] for fact in FACTS):
        raise ValueError(
            f"two results of corruptions are of other pictures: {[[told[fact] for fact in FACTS] for told in (sturdy, served)]}"
        )
    made, seen = sturdy["generated"], sturdy["seen"]
    rows = "\n".join(
        f"| {one['name']} | {percent(other['network']['accuracy'])} | {share(one['network'])} | {percent(other['upload']['accuracy'])} "
        f"| {share(one['upload'])} |"
        for one, other in zip(_rows(sturdy), _rows(served), strict=True)
    )
    clean, served_clean = (told["clean"]["network"] for told in (sturdy, served))
    unseen = sturdy["mean_unseen"]
    varied = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in sturdy["trained_with"].items())
    return f"""## A sturdier network, which is not served

`model/{sturdy["model"]}` has the released network's shape and began with its weights: the released network taught it to say of spoilt
pictures what it says of the same ones unspoilt. On the {sturdy["n"]:,} pictures of the {sturdy["panel"]} it makes {clean["errors"]} errors,
the released one {served_clean["errors"]}. It is an alternative, and every other figure of this card is of the released one;
`python -m model archive --released model/{sturdy["model"]}` builds what would serve it. Corruptions as in the section before,
seed {sturdy["seed"]}.

| corruption | straight, released | straight, sturdier | upload, released | upload, sturdier |
|---|---|---|---|---|
{rows}

Training varied its pictures by: {varied}. Like, or nearest to, {", ".join(seen)} of the table; of the
{len(sturdy["corruptions"]) - len(seen)} others the mean is {share(unseen["network"])} straight and {share(unseen["upload"])} as an upload.
Figure: [each corruption](evidence/corruptions-{sturdy["model"]}.png). Measured on {made["date"]} by `{made["command"]}` on
{made["machine"]["processor"]} in {made["seconds"]:,.0f} s, arithmetic {sturdy["arithmetic"]}, weights `{sturdy["weights_sha256"][:12]}`."""


def _rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [result["clean"], *result["corruptions"], {"name": f"mean of the {len(result['corruptions'])}", **result["mean"]}]
