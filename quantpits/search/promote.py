"""A row of a search becomes a combo of the configuration, so that nobody copies names by hand.

A row is only taken if it still means what it says: the file is as it was written, its anchor is
that of the records, and the predictions of its models are the ones that were searched. The
configuration is backed up first; its other keys, their order and its indentation stay.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantpits.config import EnsembleConfig, model_from_text
from quantpits.errors import Finding, StaleArtifactError, UsageError, name_list
from quantpits.records import find_prediction, read_train_records
from quantpits.search.files import output_names, read_meta, read_results
from quantpits.search.request import PromoteReport
from quantpits.search.results import RANKING_KEY
from quantpits.workspace import SILENT, Progress, backup, sha256_file, write_text, writer_lock
from quantpits.workspace.paths import decode_config

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.records import TrainRecords
    from quantpits.search.files import ResultsMeta, ResultsTable
    from quantpits.search.request import PromoteRequest
    from quantpits.workspace import Workspace

__all__ = ["run"]

_INDENT = re.compile(r"^( +|\t+)\S", re.MULTILINE)
_OPEN_LIST = re.compile(r'("models": )\[\n([^\]]*?)\s*\]')
_FLAT_KEYS = ("models", "ensemble_method", "use_ensemble")
_DEFAULT_INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """The row that is promoted."""

    rank: int
    models: tuple[str, ...]
    description: str


def run(
    workspace: Workspace, request: PromoteRequest, *, progress: Progress = SILENT
) -> PromoteReport:
    """Write a row of a search into ``config/ensemble_config.json``.

    Parameters
    ----------
    workspace : Workspace
        Whose search and configuration.
    request : PromoteRequest
        Which row, under which name.
    progress : Progress
        Not used; it is over at once.

    Returns
    -------
    PromoteReport
        What the configuration has now.

    Raises
    ------
    UsageError
        If there is no such row, or a combo of that name with other models.
    MissingArtifactError
        If there is no results file.
    CorruptArtifactError
        If it is not a table of combos.
    StaleArtifactError
        If the row no longer means what it says.
    ConfigError
        If the configuration is wrong, before or after.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    del progress
    records = read_train_records(workspace, request.record_file)
    path = _results_path(workspace, request, records)
    table, meta = read_results(path), read_meta(path)
    row = _chosen(request, table, meta)
    findings = _trust(workspace, request, records, path=path, meta=meta, row=row)

    target = workspace.config_path(EnsembleConfig) or workspace.config_dir / "ensemble_config.json"
    text = decode_config(target.read_bytes(), target.name) if target.is_file() else ""
    name = request.name or f"search_{row.rank}"
    new_text, is_default = _with_combo(text, name, request=request, row=row)
    if not text and not request.default:
        message = "It is the only combo, so it is the default, and orders follow it."
        findings.append(Finding("SEA012", "info", message, "ensemble_config.json", name))
    model_from_text(EnsembleConfig, new_text, workspace.relative(target))
    outputs: list[Path] = []
    changed = new_text != text
    if changed and not request.dry_run:
        with writer_lock(workspace, "search promote"):
            copy = backup(workspace, target, "ensemble_config")
            write_text(target, new_text)
            outputs = [target, *([] if copy is None else [copy])]
    return PromoteReport(
        workspace=workspace.name,
        outputs=tuple(outputs),
        findings=tuple(findings),
        changed=changed,
        name=name,
        models=row.models,
        rank=row.rank,
        source=workspace.relative(path),
        is_default=is_default,
        description=row.description,
        dry_run=request.dry_run,
    )


def _results_path(workspace: Workspace, request: PromoteRequest, records: TrainRecords) -> Path:
    if request.results is not None:
        return workspace.root / request.results
    exact = workspace.output_dir / "brute_force"
    exact /= output_names("exact", records.anchor_date)["results"]
    fast = workspace.output_dir / "brute_force_fast"
    fast /= output_names("fast", records.anchor_date)["results"]
    return exact if exact.is_file() else fast


def _chosen(request: PromoteRequest, table: ResultsTable, meta: ResultsMeta | None) -> _Row:
    if request.models is not None:
        wanted = set(request.models)
        place = next((at for at, names in enumerate(table.combos) if set(names) == wanted), None)
        found: object = ",".join(request.models)
    else:
        rank = request.rank or 1
        place = rank - 1 if rank <= len(table.combos) else None
        found = f"rank {rank}"
    if place is None:
        raise UsageError(
            "The results hold no such combo.",
            expected=f"one of {len(table.combos):,} rows",
            found=found,
            hint="look it up in the results file",
        )
    figures = table.figures[place]
    rank = int(figures.get("rank") or place + 1)
    models = tuple(sorted(table.combos[place]))
    excess = figures.get(RANKING_KEY)
    words = [f"Row {rank} of {len(table.combos) if meta is None else meta.n_combos:,} searched"]
    if meta is not None:
        words.append(f"at {meta.anchor_date}, {meta.window}")
    if excess is not None:
        words.append(f"annual excess {100.0 * excess:+.2f} % net of costs")
    return _Row(rank=rank, models=models, description="; ".join(words))


def _trust(
    workspace: Workspace,
    request: PromoteRequest,
    records: TrainRecords,
    *,
    path: Path,
    meta: ResultsMeta | None,
    row: _Row,
) -> list[Finding]:
    """Refuse a row that no longer means what it says, or say so if the user insists."""
    doubts = _doubts(workspace, records, path=path, meta=meta, models=row.models)
    if doubts and not request.force:
        raise StaleArtifactError(
            "The row is not of this state of the workspace.",
            where=path,
            found="; ".join(doubts),
            hint="search again, or take it all the same with --force",
        )
    return [
        Finding("SEA011", "warning", f"Taken all the same: {doubt}.", path.name) for doubt in doubts
    ]


def _doubts(
    workspace: Workspace,
    records: TrainRecords,
    *,
    path: Path,
    meta: ResultsMeta | None,
    models: tuple[str, ...],
) -> list[str]:
    unknown = [name for name in models if name not in records.models]
    if unknown:
        raise UsageError(
            "The combo names models that have no record.",
            where=path,
            found=name_list(unknown),
            hint="train them first",
        )
    if meta is None:
        return ["nothing beside the file says what it was made from"]
    doubts = []
    if meta.csv_sha256 != sha256_file(path):
        doubts.append("the file was changed after it was written")
    if meta.anchor_date != str(records.anchor_date):
        doubts.append(
            f"it was searched at {meta.anchor_date}, the records are at {records.anchor_date}"
        )
    searched = meta.identity.get("predictions", {})
    changed = [
        name for name in models if searched.get(name) != _prediction(workspace, records, name)
    ]
    if changed:
        doubts.append(f"{name_list(changed)} have other predictions now")
    return doubts


def _prediction(workspace: Workspace, records: TrainRecords, model: str) -> str:
    record = records.model_records[model]
    if record.prediction_sha256 is not None:
        return record.prediction_sha256
    return sha256_file(find_prediction(workspace, model, record.anchor_date))


def _with_combo(text: str, name: str, *, request: PromoteRequest, row: _Row) -> tuple[str, bool]:
    """Return the new content of the file, and whether the combo is its default."""
    if text:
        model_from_text(EnsembleConfig, text, "config/ensemble_config.json")  # refuse a broken one
    document: dict[str, Any] = json.loads(text) if text else {}
    if "combos" not in document:
        document = _from_flat(document)
    combos: dict[str, Any] = document["combos"]
    before = combos.get(name)
    if before is not None and sorted(before["models"]) != list(row.models) and not request.replace:
        raise UsageError(
            f"There is a combo {name!r} of other models.",
            where="config/ensemble_config.json",
            found=", ".join(before["models"]),
            hint="give the new one another --name, or replace it with --replace",
        )
    is_default = request.default or not combos or bool(before and before.get("default"))
    if is_default:
        for combo in combos.values():
            if combo.get("default"):
                combo["default"] = False
    combos[name] = {
        "models": list(row.models),
        "method": "equal",
        "default": is_default,
        "description": row.description,
    }
    if text and json.loads(text) == document:
        return text, is_default
    indent = _INDENT.search(text)
    new_text = json.dumps(
        document, indent=indent.group(1) if indent else _DEFAULT_INDENT, ensure_ascii=False
    )
    if _OPEN_LIST.search(text) is None:  # lists of models stand on one line in this file
        new_text = _OPEN_LIST.sub(_on_one_line, new_text)
    return f"{new_text}\n", is_default


def _on_one_line(found: re.Match[str]) -> str:
    names = (line.strip() for line in found.group(2).splitlines())
    return f"{found.group(1)}[{' '.join(names)}]"


def _from_flat(document: dict[str, Any]) -> dict[str, Any]:
    """Return the older flat form as combos: its one combo is the default named ``legacy``."""
    rest = {key: value for key, value in document.items() if key not in _FLAT_KEYS}
    combos: dict[str, Any] = {}
    if "models" in document:
        combos["legacy"] = {
            "models": document["models"],
            "method": document.get("ensemble_method", "equal"),
            "default": True,
        }
    return {"combos": combos, **rest}
