"""A gate report is believed where it is whole, ours, of these two versions, and says yes by every criterion; else one line says why not."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from gateway.signing import Signer, read_or_make_secret
from model.gate_report import CRITERIA, FILE, FORMAT, MAC_BYTES, PURPOSE, ReportRefused, SecretUnusable, passed, read_secret, signed

SECRET = b"s" * 32
MODEL, CANDIDATE, CURRENT = "digits", "ab12cd34ef56", "0123456789ab"


def report(**changed: Any) -> dict[str, Any]:
    criteria = [{"name": name, "passed": True, "difference": -0.0001} for name in CRITERIA]
    sides = {role: {"model": MODEL, "version": version} for role, version in (("candidate", CANDIDATE), ("current", CURRENT))}
    whole = {"format": FORMAT, **sides, "criteria": criteria}
    return {**whole, "decision": "pass", **changed}


def written(folder: Path, told: dict[str, Any]) -> Path:
    (folder / FILE).write_text(json.dumps(told, indent=1))
    return folder


def believed(folder: Path, secret: bytes = SECRET) -> dict[str, Any]:
    return passed(folder, secret, model=MODEL, candidate=CANDIDATE, current=CURRENT)


def test_a_signed_pass_of_these_versions_is_believed(tmp_path: Path) -> None:
    assert believed(written(tmp_path, signed(report(), SECRET)))["decision"] == "pass"


def test_without_a_report_there_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(ReportRefused, match="`python -m model gate` makes one"):
        believed(tmp_path)


HALF = json.dumps({"format": FORMAT, "signature": {"mac": "\ud800"}})
NONSENSE = json.dumps({"format": FORMAT, "figure": math.nan, "signature": {"mac": ""}})


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "another"}', "[" * 100_000, HALF, NONSENSE])
def test_what_is_no_report_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(ReportRefused, match=r"cannot be read|is no gate report"):
        believed(tmp_path)


def test_an_unsigned_report_is_refused(tmp_path: Path) -> None:
    for unsigned in (report(), report(signature={}), report(signature={"mac": "ü"})):
        with pytest.raises(ReportRefused, match=r"is not signed|was not signed"):
            believed(written(tmp_path, unsigned))


def test_a_change_after_signing_is_seen(tmp_path: Path) -> None:
    refused = signed(report(decision="refuse"), SECRET)
    with pytest.raises(ReportRefused, match="was changed since"):
        believed(written(tmp_path, {**refused, "decision": "pass"}))


def test_another_installations_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportRefused, match="not signed with this installation's secret"):
        believed(written(tmp_path, signed(report(), b"t" * 32)))


@pytest.mark.parametrize("role", ["candidate", "current"])
def test_a_report_of_other_versions_is_refused(tmp_path: Path, role: str) -> None:
    with pytest.raises(ReportRefused, match=f"is of the {role} fedcba987654"):
        believed(written(tmp_path, signed(report(**{role: {"version": "fedcba987654"}}), SECRET)))


@pytest.mark.parametrize("role", ["candidate", "current"])
def test_a_report_of_another_model_is_refused(tmp_path: Path, role: str) -> None:
    told = report()
    told[role]["model"] = "letters"
    with pytest.raises(ReportRefused, match=f"is of a {role} that is called 'letters', not of a version of 'digits'"):
        believed(written(tmp_path, signed(told, SECRET)))


def test_a_report_made_before_models_were_named_in_it_is_believed(tmp_path: Path) -> None:
    told = report(candidate={"version": CANDIDATE}, current={"version": CURRENT})
    assert believed(written(tmp_path, signed(told, SECRET)))["decision"] == "pass"


def test_a_signed_no_is_a_no(tmp_path: Path) -> None:
    with pytest.raises(ReportRefused, match="says no: refuse"):
        believed(written(tmp_path, signed(report(decision="refuse"), SECRET)))


def test_a_pass_that_a_criterion_denies_is_a_no(tmp_path: Path) -> None:
    told = report()
    told["criteria"][3]["passed"] = False
    with pytest.raises(ReportRefused, match=f"says no: {CRITERIA[3]}"):
        believed(written(tmp_path, signed(told, SECRET)))


def test_a_report_with_fewer_criteria_is_refused(tmp_path: Path) -> None:
    told = report()
    with pytest.raises(ReportRefused, match="does not judge by"):
        believed(written(tmp_path, signed({**told, "criteria": told["criteria"][1:]}, SECRET)))


def test_the_secret_is_the_gateways_and_its_signer_makes_the_same_mac(tmp_path: Path) -> None:
    secret = read_or_make_secret(tmp_path / "secret")
    assert read_secret(tmp_path / "secret") == secret
    told = signed(report(), secret)
    mac = told.pop("signature")["mac"]
    message = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    assert Signer(secret).mac(PURPOSE, message, MAC_BYTES).hex() == mac


def test_a_secret_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(SecretUnusable, match="cannot be read"):
        read_secret(tmp_path / "none")
    (tmp_path / "short").write_text("short")
    with pytest.raises(SecretUnusable, match="holds 5 bytes"):
        read_secret(tmp_path / "short")
