"""The step: read a file of opinions, draw it, commit the pictures and the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quantpits.charts import (
    Chart,
    Column,
    Facts,
    Heading,
    OpinionsChart,
    Page,
    Paragraph,
    RanksChart,
    Table,
    page_html,
    png_bytes,
)
from quantpits.errors import MissingArtifactError
from quantpits.orders.opinion_files import OpinionFile, newest_opinions, read_opinions
from quantpits.orders.opinion_request import OpinionsReport, OpinionsRequest
from quantpits.orders.opinions import LEGEND, ORDER_BASIS
from quantpits.workspace import SILENT, Progress, write_bytes, writer_lock

if TYPE_CHECKING:
    from quantpits.workspace import Workspace

__all__ = ["run"]

_N_CONTESTED = 5
_DRAWN = {"BUY": "buy", "HOLD": "hold", "SELL": "sell"}


def run(
    workspace: Workspace, request: OpinionsRequest, *, progress: Progress = SILENT
) -> OpinionsReport:
    """Draw what every combo and model would do.

    Parameters
    ----------
    workspace : Workspace
        Whose opinions.
    request : OpinionsRequest
        Which ones, and where the pictures go.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    OpinionsReport
        What was drawn: ``{stem}_linechart.png``, ``{stem}_matrix.png`` and ``{stem}.html``.

    Raises
    ------
    MissingArtifactError
        If there are no opinions, or none of any instrument.
    CorruptArtifactError
        If the file is not one of opinions.
    ArtifactError
        If a file cannot be written.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    source = _source(workspace, request)
    opinions = read_opinions(source)
    if not opinions.instruments:
        raise MissingArtifactError(
            "The opinions are of no instrument, so there is nothing to draw.",
            where=source,
            hint="nothing was held and nothing to be bought; see the orders of that session",
        )
    outputs: tuple[Path, ...] = ()
    changed = False
    if not request.dry_run:
        given = request.output_dir
        folder = source.parent if given is None else workspace.root / given
        with progress.stage("Drawing the opinions"):
            drawn = _drawn(opinions, source.stem)
        with writer_lock(workspace, "opinions"):
            for name, content in drawn.items():
                changed |= write_bytes(folder / name, content)
        outputs = tuple(folder / name for name in drawn)
    contested = _contested(opinions)
    known = [share for _, _, share in contested]
    return OpinionsReport(
        workspace=workspace.name,
        outputs=outputs,
        findings=(),
        changed=changed,
        source=source,
        trade_date=opinions.trade_date,
        n_instruments=len(opinions.instruments),
        columns=opinions.columns,
        mean_agreement=sum(known) / len(known) if known else None,
        contested=tuple(contested[:_N_CONTESTED]),
        dry_run=request.dry_run,
    )


def _source(workspace: Workspace, request: OpinionsRequest) -> Path:
    if request.input is None:
        return newest_opinions(workspace.output_dir)
    inside = workspace.root / request.input
    return inside if inside.is_file() else Path(request.input)


def _drawn(opinions: OpinionFile, stem: str) -> dict[str, bytes]:
    """Return every file by its name."""
    ranks, actions = _charts(opinions)
    return {
        f"{stem}_linechart.png": png_bytes(ranks),
        f"{stem}_matrix.png": png_bytes(actions),
        f"{stem}.html": page_html(_page(opinions, (actions, ranks))).encode(),
    }


def _charts(opinions: OpinionFile) -> tuple[Chart, Chart]:
    day = f" for {opinions.trade_date}" if opinions.trade_date else ""
    ranks = np.array(
        [[np.nan if cell.rank is None else cell.rank for cell in row] for row in opinions.cells],
        dtype=np.float64,
    )
    columns = _short(opinions.columns)
    subtitle = "each source decides on the same book; orders follow order_basis"
    return (
        RanksChart(
            title=f"Ranks by source{day}",
            subtitle=subtitle,
            instruments=opinions.instruments,
            columns=columns,
            ranks=ranks,
        ),
        OpinionsChart(
            title=f"What each source would do{day}",
            subtitle=subtitle,
            instruments=opinions.instruments,
            columns=columns,
            opinions=tuple(
                tuple(_DRAWN.get(cell.action, "") for cell in row) for row in opinions.cells
            ),
            basis=ORDER_BASIS,
        ),
    )


def _short(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns without what all models' names begin with, if they stay different."""
    short = tuple(name.removeprefix("model_") for name in columns)
    return short if len(set(short)) == len(short) else columns


def _page(opinions: OpinionFile, charts: tuple[Chart, Chart]) -> Page:
    day = f" for {opinions.trade_date}" if opinions.trade_date else ""
    actions, ranks = charts
    columns = (
        Column("instrument"),
        *(Column(name) for name in _short(opinions.columns)),
        Column("agreement", kind="percent", digits=0),
    )
    rows = tuple(
        (name, *(cell.text() for cell in row), share)
        for name, row, share in zip(
            opinions.instruments, opinions.cells, opinions.agreement, strict=True
        )
    )
    return Page(
        title=f"Opinions{day}",
        subtitle="what every combo and every single model would do with the same book",
        sections=(
            actions,
            ranks,
            Heading("Every opinion"),
            Paragraph(
                "An action, and the rank among what the source scores. Agreement is the share of "
                "the single models that would do the same as the orders."
            ),
            Facts(pairs=tuple(LEGEND.items())),
            Table(columns=columns, rows=rows),
        ),
    )


def _contested(opinions: OpinionFile) -> list[tuple[str, str, float]]:
    """Return the orders with the agreement of each, the least shared first."""
    at = opinions.columns.index(ORDER_BASIS)
    orders = [
        (name, row[at].action, share)
        for name, row, share in zip(
            opinions.instruments, opinions.cells, opinions.agreement, strict=True
        )
        if row[at].action in {"BUY", "SELL"} and share is not None
    ]
    return sorted(orders, key=lambda order: (order[2], order[0]))
