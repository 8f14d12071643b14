from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from quantpits.cli.market_info import describe_market, synthetic_through

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.workspace import Workspace


def market_folder(root: Path, *sessions: str) -> Path:
    """A market of two universes, one of which has ended."""
    (root / "calendars").mkdir(parents=True)
    (root / "instruments").mkdir()
    (root / "calendars" / "day.txt").write_text("\n".join(sessions) + "\n", "utf-8")
    spans = f"SH600000\t{sessions[0]}\t{sessions[-1]}\nSZ000001\t{sessions[0]}\t{sessions[-1]}\n"
    (root / "instruments" / "all.txt").write_text(spans, "utf-8")
    (root / "instruments" / "old.txt").write_text(
        f"SH600000\t{sessions[0]}\t{sessions[0]}\n", "utf-8"
    )
    return root


@pytest.fixture
def market(workspace, tmp_path, monkeypatch):
    def make(*sessions: str) -> Workspace:
        monkeypatch.setenv("QLIB_DATA_DIR", str(market_folder(tmp_path / "cn", *sessions)))
        return workspace

    return make


def test_a_market_in_words_and_numbers(market):
    report = describe_market(market("2026-02-05", "2026-02-06"))
    assert not report.is_synthetic
    assert report.n_sessions == 2
    assert date(2026, 2, 5) == report.first_session
    assert date(2026, 2, 6) == report.last_session
    assert date(2026, 2, 9) == report.next_session
    assert {"all": 2, "old": 0} == report.universes
    assert report.findings == ()
    assert "Sessions: 2, 2026-02-05 to 2026-02-06" in report.summary()
    assert any("all (2), old (0)" in line for line in report.summary())


def test_a_next_session_that_no_calendar_knows_is_a_warning(market):
    report = describe_market(market("2099-12-30", "2099-12-31"))
    assert report.next_session is None
    assert ["MKT090"] == [finding.code for finding in report.findings]
    assert "Next session: unknown" in report.summary()


def test_how_far_a_synthetic_market_goes(workspace):
    configuration = workspace.config_dir / "market.yaml"
    configuration.write_text(
        'provider: synthetic\nsynthetic: {seed: 1, through: "2020-03-31"}\n', "utf-8"
    )
    assert date(2020, 3, 31) == synthetic_through(workspace)
