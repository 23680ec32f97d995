"""What was cut goes anywhere but to where committed results are, however that is written."""

from pathlib import Path

import pytest

from model.refused import Refused
from model.trial import keep_committed


def test_a_trial_is_kept_from_committed_results_alone(tmp_path: Path) -> None:
    committed = tmp_path / "model" / "evidence"
    (tmp_path / "model").mkdir()
    keep_committed(tmp_path / "trial", committed, "--limit", elsewhere="--out var/trial")
    for written in (committed, tmp_path / "model" / ".." / "model" / "evidence"):
        with pytest.raises(Refused, match=r"^--limit cuts what is measured, and model/evidence is committed; .*: --out var/trial$"):
            keep_committed(written, committed, "--limit", elsewhere="--out var/trial")
