"""CSV and Parquet files become a market in Qlib's format.

The files together are the whole market: importing makes the folder new, so nothing of an earlier
import is left behind, and importing the same files again changes nothing. What the market was made
from stands in its ``market.json``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.errors import ArtifactError, Finding, MissingDataError, UsageError, name_list
from quantpits.market.folder import folder_lock, write_folder
from quantpits.market.importer_bars import BarRules, adjust_bars
from quantpits.market.importer_files import calendar_findings, encode_market
from quantpits.market.importer_reading import read_table
from quantpits.market.importer_request import (
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    ImportReport,
    ImportRequest,
)
from quantpits.market.importer_symbols import normalise_symbols
from quantpits.market.metadata import MarketMetadata, read_metadata
from quantpits.market.quotes import is_index_code
from quantpits.market.source import REGIONS
from quantpits.workspace import SILENT, Progress, recover_tree

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.market.importer_reading import SourceTable

__all__ = ["ImportReport", "ImportRequest", "import_bars"]

_IMPORTER_VERSION = 1
_CN_BENCHMARK = "SH000300"
_UNIVERSE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def import_bars(request: ImportRequest, *, progress: Progress = SILENT) -> ImportReport:
    """Make a market folder from files of daily bars.

    Parameters
    ----------
    request : ImportRequest
        Files, target, and how to read them.
    progress : Progress
        Told of reading and encoding.

    Returns
    -------
    ImportReport
        What was imported, with findings about what is odd in the data.

    Raises
    ------
    UsageError
        If the request makes no sense.
    ArtifactError
        If the target holds anything but an imported market, or a file is missing or unreadable.
    DataError
        If the content of the files cannot be a market.

    Notes
    -----
    The folder is replaced as a whole: a reader finds the old market or the new one.
    """
    _check_request(request)
    _check_target(request.target)

    with progress.stage("Reading", total=len(request.files)) as advance:
        table = read_table(request, advance)

    benchmark, is_index = _indices(table, request)
    rules = BarRules(request.volume_unit, request.amount_unit, request.adjusted)
    bars = adjust_bars(table, is_index, rules=rules)
    findings = [*bars.findings, *calendar_findings(table, request.region)]
    if benchmark is None:
        text = "There is no index in the files, so the market has no benchmark."
        findings.append(Finding("IMP012", "warning", text, "import"))
    metadata = MarketMetadata(
        kind="imported",
        region=request.region,
        universe=request.universe,
        benchmark=benchmark,
        through=table.sessions[-1].item(),
    )
    with progress.stage("Encoding", total=len(table.instruments)) as advance:
        files = encode_market(
            table,
            bars.fields,
            is_index=is_index,
            metadata=metadata,
            extra=_origin(request, table),
            advance=advance,
        )

    changed = False
    if not request.dry_run:
        with progress.stage("Writing"), folder_lock(request.target):
            recover_tree(request.target)
            _check_target(request.target)
            changed = write_folder(request.target, files)
    return ImportReport(
        workspace="",
        outputs=(request.target,),
        findings=tuple(findings),
        changed=changed,
        region=request.region,
        universe=request.universe,
        benchmark=benchmark,
        first_session=table.sessions[0].item(),
        last_session=table.sessions[-1].item(),
        n_sessions=table.sessions.size,
        n_instruments=int(np.count_nonzero(~is_index)),
        n_indices=int(np.count_nonzero(is_index)),
        n_rows=table.row.size,
        n_suspended=int(np.count_nonzero(~bars.is_traded)),
        dry_run=request.dry_run,
    )


def _check_request(request: ImportRequest) -> None:
    if not request.files:
        raise UsageError("There are no files to import.")
    if request.region not in REGIONS:
        raise UsageError(
            "The region is unknown.", expected=name_list(REGIONS), found=request.region
        )
    known = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
    unknown = sorted(set(request.columns) - set(known))
    if unknown:
        raise UsageError(
            f"There is no column {name_list(unknown)} to map.",
            expected=name_list(known, shown=len(known)),
        )
    if not (request.volume_unit > 0 and request.amount_unit > 0):
        raise UsageError(
            "A unit is not above 0.", found=f"{request.volume_unit}, {request.amount_unit}"
        )
    if not _UNIVERSE_NAME.fullmatch(request.universe):
        raise UsageError(
            "The name of the universe cannot be a file name.",
            expected="lower-case letters, digits, - and _",
            found=request.universe,
        )
    target = request.target.resolve()
    inside = [path for path in request.files if path.resolve().is_relative_to(target)]
    if inside:
        raise UsageError(
            "A file to import lies in the folder that the import replaces.",
            where=inside[0],
            hint="Move the file, or choose another target.",
        )


def _check_target(target: Path) -> None:
    if not target.exists():
        return
    if target.is_dir():
        if not any(target.iterdir()):
            return
        metadata = read_metadata(target)
        if metadata is not None and metadata.kind == "imported":
            return
        found = "a synthetic market" if metadata is not None else "other files"
    else:
        found = "a file"
    raise ArtifactError(
        "The target of the import is something that was not imported.",
        where=target,
        expected="a new folder, an empty one, or a market imported before",
        found=found,
        hint="Choose another target folder, or move that one away yourself.",
    )


def _indices(
    table: SourceTable, request: ImportRequest
) -> tuple[str | None, npt.NDArray[np.bool_]]:
    """Return the benchmark, and which instruments are indices [N]."""
    named = [*request.indices, *([request.benchmark] if request.benchmark else [])]
    codes = set(normalise_symbols(named, request.region, where="the request"))
    missing = sorted(codes - set(table.instruments))
    if missing:
        raise MissingDataError(
            f"The files have no rows of the index {name_list(missing)}.",
            hint="Import the file with the index too, or name another benchmark.",
        )
    is_index = np.array(
        [is_index_code(code) or code in codes for code in table.instruments], dtype=np.bool_
    )
    if is_index.all():
        raise MissingDataError("The files have indices only, and no instrument to trade.")
    if request.benchmark:
        return normalise_symbols([request.benchmark], request.region, where="the request")[
            0
        ], is_index
    found = [code for code, flag in zip(table.instruments, is_index, strict=True) if flag]
    if _CN_BENCHMARK in found:
        return _CN_BENCHMARK, is_index
    return (found[0] if found else None), is_index


def _origin(request: ImportRequest, table: SourceTable) -> dict[str, object]:
    """Everything the prices follow from: `data_fingerprint` relies on it."""
    # A market that was imported before this column was read has no such line.
    flags = {} if table.is_st is None else {"flags": ["is_st"]}
    return flags | {
        "importer_version": _IMPORTER_VERSION,
        "sources": [{"name": file.name, "sha256": file.sha256} for file in table.sources],
        "columns": dict(sorted(request.columns.items())),
        "volume_unit_shares": request.volume_unit,
        "amount_unit_cny": request.amount_unit,
        "is_adjusted": request.adjusted,
        "indices": sorted(request.indices),
    }
