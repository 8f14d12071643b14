from __future__ import annotations

from pathlib import Path

import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.orders.opinion_request import OpinionsRequest
from quantpits.orders.opinion_step import run
from quantpits.workspace import Workspace

TABLE = """instrument,order_basis,combo_A,model_gru,model_mlp,agreement
SH600000,HOLD (1),HOLD (1),SELL (9),HOLD (1),0.5000
SZ300001,SELL (9),SELL (9),HOLD (2),SELL (-),0.5000
SH600001,BUY (2),BUY* (4),-- (7),BUY (1),1.0000
SH600002,BUY* (3),-- (5),-,BUY (2),0.0000
"""


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace(tmp_path / "Lab")
    workspace.config_dir.mkdir(parents=True)
    workspace.output_dir.mkdir()
    path = workspace.output_dir / "model_opinions_2026-02-02.csv"
    path.write_text(TABLE)
    return workspace


def test_the_latest_opinions_become_two_pictures_and_a_page(workspace):
    report = run(workspace, OpinionsRequest())
    names = [
        "model_opinions_2026-02-02_linechart.png",
        "model_opinions_2026-02-02_matrix.png",
        "model_opinions_2026-02-02.html",
    ]
    assert [workspace.output_dir / name for name in names] == list(report.outputs)
    ranks, actions, page = (path.read_bytes() for path in report.outputs)
    assert ranks.startswith(b"\x89PNG")
    assert actions.startswith(b"\x89PNG")
    assert b"BUY* (4)" in page
    assert report.changed
    assert (4, 0.75) == (report.n_instruments, report.mean_agreement)
    assert (("SZ300001", "SELL", 0.5), ("SH600001", "BUY", 1.0)) == report.contested
    again = run(workspace, OpinionsRequest())
    assert not again.changed


def test_a_named_file_is_drawn_beside_itself_or_elsewhere(workspace, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(TABLE.replace("model_mlp", "model_order_basis"))
    report = run(workspace, OpinionsRequest(input=path))
    assert tmp_path / "mine_linechart.png" == report.outputs[0]
    inside = Path("output/model_opinions_2026-02-02.csv")
    report = run(workspace, OpinionsRequest(input=inside, output_dir=Path("pictures")))
    assert {workspace.root / "pictures"} == {path.parent for path in report.outputs}


def test_a_dry_run_draws_nothing(workspace):
    report = run(workspace, OpinionsRequest(dry_run=True))
    assert ((), False, True) == (report.outputs, report.changed, report.dry_run)
    assert 1 == len(list(workspace.output_dir.iterdir()))


def test_what_cannot_be_drawn_is_refused(workspace):
    with pytest.raises(MissingArtifactError, match="no such opinions"):
        run(workspace, OpinionsRequest(input=Path("none.csv")))
    path = workspace.output_dir / "model_opinions_2026-02-02.csv"
    path.write_text("instrument,order_basis\n")
    with pytest.raises(MissingArtifactError, match="of no instrument"):
        run(workspace, OpinionsRequest())
    path.write_text("a,b\n")
    with pytest.raises(CorruptArtifactError, match="another header"):
        run(workspace, OpinionsRequest())
