"""What withstands deliberate deception, as a section of the model card: every number out of `adversarial.json`, none typed."""

from typing import Any

from model.wording import percent

DEFENCES = {"released behind noise": "released", "distilled": "plain", "hardened": "plain"}
"""Each defended network, and the same one undefended."""

SEEMS = "PGD"
"""The attack that each defence is first judged by: the one that knows nothing of it."""

AVERAGING = "on the mean of"
"""In the name of the attack that knows of the noise."""


def section(evidence: dict[str, Any]) -> str:
    """The section as Markdown, from what `python -m model adversarial` writes."""
    rows = {row["network"]: row for row in evidence["results"]}
    epsilons = [f"{cell['epsilon']:g}" for cell in next(iter(rows.values()))["epsilons"]]
    made = evidence["generated"]
    return f"""## Deliberate deception

Accuracy on canonical pixels moved so as to deceive, no pixel by more than epsilon ({evidence["norm"]}). Test pictures drawn by seed \
{evidence["seed"]}; a picture read wrong as it is counts
as lost. The attacker knows the network and its weights.

| network | attack | n | {" | ".join(f"epsilon {epsilon}" for epsilon in epsilons)} |
|---|---|---|{"---|" * len(epsilons)}
{chr(10).join(_attacks(row) for row in rows.values())}

AutoAttack attacks what withstood the others; in brackets are 95 % intervals. What the defences are worth:

| defence | against {SEEMS} alone it seems to keep | it keeps | undefended | costs on the whole test set |
|---|---|---|---|---|
{chr(10).join(_worth(rows[name], rows[without]) for name, without in DEFENCES.items())}

Each at epsilon {", ".join(epsilons)}.

{_noise(evidence, rows)}
{_distillation(evidence)}
{_hardening(evidence, rows)}

The plain, distilled and hardened networks have the shape `{evidence["price"][0]["shape"]}`; none of them is served.

Measured on {made["date"]} by `{made["command"]}` on {made["machine"]["processor"]}, in {made["seconds"] / 60:.0f} minutes of one
processor, with {_libraries(evidence)}."""


def _attacks(row: dict[str, Any]) -> str:
    first = row["epsilons"][0]["attacks"]
    lines = [f"| {row['network']} | none | {row['n']:,} |" + f" {_percent(row['unattacked']['accuracy'])} |" * len(row["epsilons"])]
    for place, attack in enumerate(first):
        lines.append(f"| | {attack['attack']} | |" + "".join(f" {_of(cell['attacks'][place])} |" for cell in row["epsilons"]))
    lines.append("| | **all of them together** | |" + "".join(f" **{_with_interval(cell['all_together'])}** |" for cell in row["epsilons"]))
    return "\n".join(lines)


def _worth(defended: dict[str, Any], undefended: dict[str, Any]) -> str:
    seems = [next(each for each in cell["attacks"] if each["attack"] == SEEMS) for cell in defended["epsilons"]]
    lost = undefended["test_set"]["accuracy"] - defended["test_set"]["accuracy"]
    seeming = ", ".join(_percent(share["accuracy"]) for share in seems)
    price = f"{100 * lost:.2f} points ({percent(defended['test_set']['accuracy'])})"
    return f"| {defended['network']} | {seeming} | {_kept(defended)} | {_kept(undefended)} | {price} |"


def _kept(row: dict[str, Any]) -> str:
    """With n: the network behind noise is attacked on fewer pictures than the one that it is compared with."""
    return f"{', '.join(_with_interval(cell['all_together']) for cell in row['epsilons'])} (n = {row['n']:,})"


def _noise(evidence: dict[str, Any], rows: dict[str, Any]) -> str:
    noise = evidence["noise"]
    without, *tried = noise["validation"]
    chosen = next(row for row in tried if row["sigma"] == noise["sigma"])
    beyond = next((row for row in tried if row["sigma"] > noise["sigma"]), None)
    first = rows["released behind noise"]["epsilons"][0]
    seems = next(each for each in first["attacks"] if each["attack"] == SEEMS)
    seen = next(each for each in first["attacks"] if AVERAGING in each["attack"])
    more = f"; at {beyond['sigma']:g} it is {percent(beyond['accuracy'])}" if beyond else ""
    return f"""- Noise while reading: a standard deviation of {noise["sigma"]:g} (of 0..1) is the most that costs at most \
{100 * noise["loss_allowed"]:g} points on validation pictures: {percent(chosen["accuracy"])} instead
  of {percent(without["accuracy"])}{more}. Answers counted under attack are the mean of {noise["answering_draws"]} draws, which is \
kinder than one. At epsilon {first["epsilon"]:g}
  {SEEMS} alone leaves {_percent(seems["accuracy"])}; where the attacker follows the mean of some draws, \
{_percent(seen["accuracy"])} are left."""


def _distillation(evidence: dict[str, Any]) -> str:
    told = evidence["distillation"]
    return f"""- Defensive distillation, temperature {told["temperature"]:g}: for {_percent(told["without_gradient"])} of {told["n"]:,} \
pictures the loss has a gradient of exactly nothing ({_percent(told["without_gradient_undefended"])} undefended), so an
  attack that follows it stands still; on logits divided by the temperature that is so for \
{_percent(told["without_gradient_at_the_temperature"])}. What it hides is the gradient."""


def _hardening(evidence: dict[str, Any], rows: dict[str, Any]) -> str:
    price = {row["network"]: row for row in evidence["price"]}
    plain, hardened = price["plain"], price["hardened"]
    ratio = hardened["processor_seconds"] / plain["processor_seconds"]
    released = rows["released"]["test_set"]["accuracy"] - rows["hardened"]["test_set"]["accuracy"]
    return f"""- Adversarial training (recipe `{hardened["recipe"]}`, {hardened["parameters"]:,} parameters, {hardened["epochs"]} epochs): \
{hardened["processor_seconds"]:.0f} processor seconds, {ratio:.1f} times those of the plain network,
  and {100 * released:.2f} points of accuracy under the released network on pictures that nobody has moved."""


def _libraries(evidence: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in evidence["libraries"].items())


def _of(attack: dict[str, Any]) -> str:
    """What an attack left; of one that met only what others left, how much of that."""
    return (
        _percent(attack["accuracy"]) if attack["attacked"] == attack["n"] else f"{attack['n'] - attack['errors']} of {attack['attacked']}"
    )


def _with_interval(share: dict[str, Any]) -> str:
    low, high = share["interval"]
    return f"{_percent(share['accuracy'])} [{_percent(low)}, {_percent(high)}]"


def _percent(share: float) -> str:
    """One decimal: of some hundreds of pictures a second one would say nothing."""
    return f"{100 * share:.1f} %"
