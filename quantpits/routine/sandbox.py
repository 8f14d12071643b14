"""A sandbox: a workspace of its own that looks at another one's market and changes nothing of it.

It has the other's configuration, cash and no holdings, and a market folder whose calendar ends
where the sandbox has come to: the prices are links to the real ones, the sessions after the anchor
are known to come and nothing more. So every step runs in it as it runs on the evening of the
anchor.

Invariants: nothing outside the sandbox is written; a sandbox is made completely or not at all; only
a folder that a sandbox was made in is ever removed.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quantpits.config import parse_yaml_text
from quantpits.errors import WorkspaceError
from quantpits.market import MarketSource, load_calendar
from quantpits.market.binary import CALENDAR_FILE, FUTURE_CALENDAR_FILE, encode_sessions
from quantpits.market.metadata import METADATA_FILE, NAMES_FILE
from quantpits.routine.gtja_export import CONSOLIDATIONS
from quantpits.workspace import Workspace, init_workspace, open_workspace
from quantpits.workspace.atomic import write_bytes, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

__all__ = ["SandboxTerms", "advance_market", "make_sandbox", "remove_sandbox"]

_MARK = "data/paper_sandbox.json"
_LINKED = ("features", "instruments", NAMES_FILE)
_TRAINED = ("mlruns", "latest_train_records.json")
_ENSEMBLES = "ensemble_config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxTerms:
    """How a sandbox starts.

    Attributes
    ----------
    opening : date
        The day its books open on, with cash alone.
    cash_fen : int
        That cash [fen].
    flows : mapping of date to str
        Deposits and withdrawals after it [CNY].
    with_models : bool
        Whether trained models and combos come along.
    """

    opening: date
    cash_fen: int
    flows: Mapping[date, str]
    with_models: bool


def make_sandbox(
    workspace: Workspace, target: Path, *, market: MarketSource, terms: SandboxTerms
) -> Workspace:
    """Make a sandbox, or take the one that was made there before.

    Parameters
    ----------
    workspace : Workspace
        Whose configuration; it is only read.
    target : Path
        Where the sandbox lies.
    market : MarketSource
        The workspace's market; it is only read.
    terms : SandboxTerms
        How a new one starts.

    Returns
    -------
    Workspace
        The sandbox.

    Raises
    ------
    WorkspaceError
        If something else lies there, or the place is inside the workspace.
    """
    if (target / _MARK).is_file():
        return open_workspace(target)
    if target.exists():
        raise WorkspaceError(
            "The folder exists, and no paper loop made it.",
            where=target,
            hint="name a folder that does not exist with --sandbox",
        )
    making = target.with_name(f"{target.name}.making")
    if making.exists():
        shutil.rmtree(making)
    init_workspace(workspace.root, making)
    sandbox = Workspace(making)
    _configure(sandbox, market=market, terms=terms)
    if terms.with_models:
        _copy_models(workspace, sandbox)
    elif (sandbox.config_dir / _ENSEMBLES).is_file():
        # The scores are given; combos would be looked for beside them.
        (sandbox.config_dir / _ENSEMBLES).unlink()
    _link_market(sandbox, market)
    advance_market(sandbox, market, through=terms.opening)
    write_json(making / _MARK, {"made_from": str(workspace.root), "opening": str(terms.opening)})
    making.rename(target)
    return open_workspace(target)


def remove_sandbox(target: Path) -> None:
    """Remove a sandbox; nothing happens where there is no folder.

    Parameters
    ----------
    target : Path
        Where it lies.

    Raises
    ------
    WorkspaceError
        If no paper loop made the folder.
    """
    if not target.exists():
        return
    if not (target / _MARK).is_file():
        raise WorkspaceError(
            "Only a folder that a paper loop made is removed.",
            where=target,
            hint="name another folder with --sandbox, or remove this one by hand",
        )
    shutil.rmtree(target)


def advance_market(sandbox: Workspace, market: MarketSource, *, through: date) -> None:
    """Let the sandbox's market end on a session.

    Parameters
    ----------
    sandbox : Workspace
        The sandbox.
    market : MarketSource
        The market it looks at.
    through : date
        Its last session from now on; all after it are sessions to come.
    """
    calendar = load_calendar(market)
    known = calendar.sessions[calendar.sessions <= np.datetime64(through)]
    view = _view(sandbox, market)
    write_bytes(view / FUTURE_CALENDAR_FILE, encode_sessions(calendar.future))
    write_bytes(view / CALENDAR_FILE, encode_sessions(known))


def _view(sandbox: Workspace, market: MarketSource) -> Path:
    # A market is called after its folder in every artifact.
    return sandbox.data_dir / "market" / market.provider_uri.resolve().name


def _configure(sandbox: Workspace, *, market: MarketSource, terms: SandboxTerms) -> None:
    path = sandbox.prod_config_path
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    day = terms.opening.isoformat()
    state |= {
        "broker": "gtja",
        "current_date": day,
        "last_processed_date": day,
        "current_cash": terms.cash_fen / 100,
        "current_holding": [],
    }
    write_json(path, state)
    flows = {str(day): float(amount) for day, amount in terms.flows.items()}
    write_json(sandbox.cashflow_path, {"cashflows": flows, "processed": {}})
    view = _view(sandbox, market).relative_to(sandbox.root)
    market_file = {"provider": "qlib", "provider_uri": view.as_posix(), "region": market.region}
    _write_yaml(sandbox.config_dir / "market.yaml", market_file)
    types = _read_yaml(sandbox.config_dir / "broker_types.yaml")
    types["types"] = {**(types.get("types") or {}), **dict.fromkeys(CONSOLIDATIONS, "shares_out")}
    _write_yaml(sandbox.config_dir / "broker_types.yaml", types)
    # The simulator knows no checks before trading; they still warn here.
    pretrade = _read_yaml(sandbox.config_dir / "pretrade.yaml")
    limits = {name: value for name, value in pretrade.items() if isinstance(value, dict)}
    never = {name: {**value, "stop": None} for name, value in limits.items()}
    adv_share = {**pretrade.get("adv_share", {}), "stop": None}
    _write_yaml(sandbox.config_dir / "pretrade.yaml", {**pretrade, **never, "adv_share": adv_share})


def _copy_models(workspace: Workspace, sandbox: Workspace) -> None:
    for name in _TRAINED:
        source = workspace.root / name
        if source.is_dir():
            shutil.copytree(source, sandbox.root / name, dirs_exist_ok=True)
        elif source.is_file():
            shutil.copy2(source, sandbox.root / name)


def _link_market(sandbox: Workspace, market: MarketSource) -> None:
    view, whole = _view(sandbox, market), market.provider_uri.resolve()
    view.mkdir(parents=True)
    for name in _LINKED:
        if (whole / name).exists():
            (view / name).symlink_to(whole / name)
    if (whole / METADATA_FILE).is_file():
        write_bytes(view / METADATA_FILE, (whole / METADATA_FILE).read_bytes())


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    content = parse_yaml_text(path.read_text(encoding="utf-8"), path.name)
    return dict(content) if isinstance(content, dict) else {}


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    # JSON is YAML, and its order and quoting are the same everywhere.
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")
