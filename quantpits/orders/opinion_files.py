"""The files of the opinions: ``model_opinions_{trade_date}.csv`` and ``.json``.

The orders of the routine write these names; orders that follow something else write
``model_opinions_{label}_{trade_date}``, so that a trial never replaces the table of the routine.
The columns are those of the earlier system - ``order_basis``, then the combos, then the models -
and one more, ``agreement``. The JSON says what the columns are.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.orders.opinions import LEGEND, ORDER_BASIS, Opinion, OpinionTable
from quantpits.orders.scores import ENSEMBLE
from quantpits.workspace.atomic import write_csv, write_json
from quantpits.workspace.manifest import to_jsonable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from quantpits.trading import DecisionRule

__all__ = [
    "AGREEMENT",
    "OpinionFile",
    "newest_opinions",
    "opinions_stem",
    "read_opinions",
    "write_opinions",
]

SCHEMA_VERSION = 1

AGREEMENT = "agreement"
"""Name of the last column: the share of the models that would do the same [fraction]."""

_INDEX = "instrument"
_PREFIX = "model_opinions"
_NAME = re.compile(rf"{_PREFIX}_(?P<day>\d{{4}}-\d{{2}}-\d{{2}})\.csv")
_STEM = re.compile(rf"{_PREFIX}_(?:.+_)?(?P<day>\d{{4}}-\d{{2}}-\d{{2}})")
_CELL = re.compile(r"(?P<action>HOLD|SELL|BUY\*|BUY|--) \((?P<rank>\d+|-)\)|-")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionFile:
    """What a file of opinions says.

    Attributes
    ----------
    trade_date : date or None
        From the name of the file; None if it has none.
    instruments : tuple of str [R]
        The rows.
    columns : tuple of str [C]
        ``order_basis`` first, then combos and models.
    cells : tuple of tuple of Opinion [R, C]
        Actions and ranks.
    agreement : tuple of float or None [R]
        None where no model says anything.
    """

    trade_date: date | None
    instruments: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Opinion, ...], ...]
    agreement: tuple[float | None, ...]


def opinions_stem(label: str, trade_date: date) -> str:
    """Return the name of the files without their suffix.

    Examples
    --------
    >>> from datetime import date
    >>> opinions_stem("ensemble", date(2026, 2, 2)), opinions_stem("gru", date(2026, 2, 2))
    ('model_opinions_2026-02-02', 'model_opinions_gru_2026-02-02')
    """
    parts = [_PREFIX, *([] if label == ENSEMBLE else [label]), trade_date.isoformat()]
    return "_".join(parts)


def write_opinions(
    folder: Path, table: OpinionTable, *, rule: DecisionRule
) -> tuple[tuple[Path, Path], bool]:
    """Write the opinions.

    Parameters
    ----------
    folder : Path
        The output folder.
    table : OpinionTable
        The opinions.
    rule : DecisionRule
        The parameters that all of them were formed with.

    Returns
    -------
    paths : tuple of Path
        The CSV and its JSON twin.
    changed : bool
        Whether any byte is new.

    Raises
    ------
    ArtifactError
        If a file cannot be written.
    """
    stem = opinions_stem(table.label, table.trade_date)
    paths = folder / f"{stem}.csv", folder / f"{stem}.json"
    header = (_INDEX, ORDER_BASIS, *(source.column for source in table.sources), AGREEMENT)
    rows = [
        (
            name,
            table.basis[at].text(),
            *(cell.text() for cell in table.cells[at]),
            _agreement_text(table.agreement[at]),
        )
        for at, name in enumerate(table.instruments)
    ]
    changed = write_csv(paths[0], header, rows)
    changed |= write_json(paths[1], _twin(table, rule))
    return paths, changed


def read_opinions(path: Path) -> OpinionFile:
    """Read a file of opinions, of this system or the earlier one.

    Parameters
    ----------
    path : Path
        The CSV.

    Returns
    -------
    OpinionFile
        Its content.

    Raises
    ------
    MissingArtifactError
        If there is no such file.
    CorruptArtifactError
        If it is not a table of opinions; the message names the row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise MissingArtifactError(
            "There are no such opinions.", where=path, hint="quantpits orders writes them"
        ) from error
    except UnicodeDecodeError as error:
        raise CorruptArtifactError("The opinions are not UTF-8 text.", where=path) from error
    rows = list(csv.reader(io.StringIO(text)))
    header = rows[0] if rows else []
    columns = tuple(name for name in header[1:] if name != AGREEMENT)
    if header[:1] not in ([_INDEX], [""]) or ORDER_BASIS not in columns:
        raise CorruptArtifactError(
            "The opinions have another header.",
            where=f"{path}:1",
            expected=f"{_INDEX},{ORDER_BASIS}, combos, models",
            found=",".join(header) or "an empty file",
        )
    table = [
        _row(row, header, where=f"{path}:{number}") for number, row in enumerate(rows[1:], start=2)
    ]
    match = _STEM.fullmatch(path.stem)
    return OpinionFile(
        trade_date=None if match is None else _day(match["day"]),
        instruments=tuple(row[0] for row in rows[1:]),
        columns=columns,
        cells=tuple(cells for cells, _ in table),
        agreement=tuple(agreement for _, agreement in table),
    )


def newest_opinions(folder: Path) -> Path:
    """Return the opinions of the routine's latest orders.

    Parameters
    ----------
    folder : Path
        The output folder.

    Returns
    -------
    Path
        By the date in the name; names with anything else in them do not count.

    Raises
    ------
    MissingArtifactError
        If there are none.
    """
    found = [
        (day, path)
        for path in sorted(folder.glob(f"{_PREFIX}_*.csv"))
        if (match := _NAME.fullmatch(path.name)) and (day := _day(match["day"])) is not None
    ]
    if not found:
        raise MissingArtifactError(
            "There are no opinions yet.",
            where=folder,
            expected=f"{_PREFIX}_YYYY-MM-DD.csv",
            hint="quantpits orders writes them; or name a file with --input",
        )
    return max(found)[1]


def _row(
    row: Sequence[str], header: Sequence[str], *, where: str
) -> tuple[tuple[Opinion, ...], float | None]:
    if len(row) != len(header):
        raise CorruptArtifactError(
            "A row of the opinions has another length than the header.",
            where=where,
            expected=len(header),
            found=len(row),
        )
    cells: list[Opinion] = []
    agreement = None
    for name, text in zip(header[1:], row[1:], strict=True):
        if name == AGREEMENT:
            agreement = float(text) if re.fullmatch(r"[01]\.\d+", text) else None
            continue
        match = _CELL.fullmatch(text)
        if match is None:
            raise CorruptArtifactError(
                "A cell of the opinions is not an action and a rank.",
                where=f"{where}, column {name!r}",
                expected="such as 'BUY (3)', '-- (120)' or '-'",
                found=repr(text),
            )
        # The alternatives of the pattern are the actions themselves.
        action = next(known for known in LEGEND if known == (match["action"] or "-"))
        rank = match["rank"]
        cells.append(Opinion(action, None if rank in {None, "-"} else int(rank)))
    return tuple(cells), agreement


def _agreement_text(agreement: float | None) -> str:
    return "" if agreement is None else f"{agreement:.4f}"


def _twin(table: OpinionTable, rule: DecisionRule) -> dict[str, Any]:
    combos = {each.name: list(each.models) for each in table.sources if each.kind == "combo"}
    by_model: dict[str, list[str]] = {
        each.name: [combo for combo, models in combos.items() if each.name in models]
        for each in table.sources
        if each.kind == "model"
    }
    twin: dict[str, Any] = to_jsonable(
        {
            "schema_version": SCHEMA_VERSION,
            "trade_date": table.trade_date,
            "anchor_date": table.anchor_date,
            "combo_composition": combos,
            "model_to_combos": by_model,
            "thresholds": {
                "TopK": rule.topk,
                "DropN": rule.n_drop,
                "buy_suggestion_factor": rule.buy_suggestion_factor,
            },
            "legend": LEGEND,
            "sources": [
                [ORDER_BASIS, table.label, "sorted_df"],
                *([each.column, each.file, each.kind] for each in table.sources),
            ],
            "sha256": {each.column: each.csv_sha256 for each in table.sources},
            "agreement": _rounded(table.agreement_by_instrument()),
            "mean_agreement": (
                None if table.mean_agreement is None else round(table.mean_agreement, 4)
            ),
        }
    )
    return twin


def _rounded(shares: Mapping[str, float]) -> dict[str, float]:
    return {name: round(share, 4) for name, share in shares.items()}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
