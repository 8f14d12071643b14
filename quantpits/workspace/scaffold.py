"""A new workspace from an existing one: its configuration, empty folders, an activation script.

The new workspace starts without the old one's money and holdings, unless they are asked for: two
workspaces that believe they hold the same shares would both sell them.
"""

import json
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import quantpits
from quantpits.config import ProdConfig, model_from_text, parse_json_text
from quantpits.errors import Finding, WorkspaceError
from quantpits.workspace import atomic
from quantpits.workspace.paths import decode_config

__all__ = ["RUN_ENV", "InitReport", "demo_template", "init_workspace"]

_FOLDERS = ("output", "data", "archive", "mlruns")

RUN_ENV = """\
#!/usr/bin/env bash
# Activate this workspace: source this file, from bash or zsh, in any folder.
if [ -n "${BASH_SOURCE:-}" ]; then
    _quantpits_env="$BASH_SOURCE"
elif [ -n "${ZSH_VERSION:-}" ]; then
    eval '_quantpits_env="${(%):-%x}"'
else
    _quantpits_env="$0"
fi
QLIB_WORKSPACE_DIR="$(CDPATH= cd -- "$(dirname -- "$_quantpits_env")" && pwd)"
export QLIB_WORKSPACE_DIR
unset _quantpits_env
if [ ! -d "$QLIB_WORKSPACE_DIR/config" ]; then
    echo "This is not a workspace: $QLIB_WORKSPACE_DIR. Source run_env.sh from bash or zsh." >&2
    unset QLIB_WORKSPACE_DIR
    return 2 2>/dev/null || exit 2
fi
# Where Qlib's data lie, when config/market.yaml does not say:
# export QLIB_DATA_DIR="$HOME/.qlib/qlib_data/cn_data"
# export QLIB_REGION="cn"
echo "QuantPits workspace: $QLIB_WORKSPACE_DIR"
"""
"""Content of ``run_env.sh``; it finds its own folder, so a workspace can be moved."""


@dataclass(frozen=True, slots=True)
class InitReport:
    """What `init_workspace` made, or would make.

    Attributes
    ----------
    workspace : str
        Path of the new workspace.
    source : str
        Path of the workspace it was copied from.
    outputs : tuple of Path
        Every file of the new workspace.
    findings : tuple of Finding
        WSP001: cash and holdings were left behind. WSP002: a piece of the config was not copied.
    changed : bool
        Whether something was written; False for a dry run.
    with_state : bool
        Whether cash and holdings came along.
    """

    workspace: str
    source: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    with_state: bool

    def summary(self) -> list[str]:
        """Return lines for a person."""
        verb = "Made" if self.changed else "Would make"
        lines = [f"{verb} workspace {self.workspace} from {self.source}."]
        lines += [finding.message for finding in self.findings]
        lines.append(f'Activate it: source "{Path(self.workspace) / "run_env.sh"}"')
        return lines


def demo_template() -> Path:
    """Return the workspace that comes with QuantPits.

    Returns
    -------
    Path
        ``workspaces/Demo_Workspace`` of a checkout, else the copy inside the installed package.

    Raises
    ------
    WorkspaceError
        If neither exists.
    """
    package = Path(quantpits.__file__).parent
    places = (
        package.parent / "workspaces" / "Demo_Workspace",
        package / "workspace" / "template" / "Demo_Workspace",
    )
    for place in places:
        if (place / "config").is_dir():
            return place
    raise WorkspaceError(
        "The demo workspace is missing from this installation.",
        where=places[1],
        hint="Install QuantPits again.",
    )


def init_workspace(
    source: str | Path, target: str | Path, *, with_state: bool = False, dry_run: bool = False
) -> InitReport:
    """Make a new workspace with the configuration of an existing one.

    Parameters
    ----------
    source : str or Path
        An existing workspace.
    target : str or Path
        Where the new one shall be; nothing may exist there.
    with_state : bool
        Whether cash, holdings and cashflows are copied too. Otherwise the new one starts with the
        `initial_cash` of the old one's ``prod_config.json``, with no holdings and no cashflows.
    dry_run : bool
        Whether to write nothing.

    Returns
    -------
    InitReport
        What was made.

    Raises
    ------
    WorkspaceError
        If the source is not a workspace, or something exists at the target, or one lies inside the
        other.
    ConfigError
        If the source's ``prod_config.json`` cannot be read, and so not be cleared.
    ArtifactError
        If the new workspace cannot be written; then nothing of it is left.
    """
    source_root = _absolute(source)
    target_root = _absolute(target)
    _check_places(source_root, target_root)
    files = _config_files(source_root)
    contents = {name: _read(path) for name, path in files.items()}
    findings: tuple[Finding, ...] = ()
    if not with_state:
        findings = _clear_state(contents)
    contents["run_env.sh"] = RUN_ENV.encode()
    if not dry_run:
        atomic.write_tree(target_root, lambda root: _fill(root, contents), replace=False)
    return InitReport(
        workspace=str(target_root),
        source=str(source_root),
        outputs=tuple(target_root / name for name in sorted(contents)),
        findings=findings,
        changed=not dry_run,
        with_state=with_state,
    )


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - resolve() would follow links


def _check_places(source: Path, target: Path) -> None:
    if not (source / "config").is_dir():
        what = "is not a workspace" if source.is_dir() else "does not exist"
        raise WorkspaceError(
            f"The source {what}.",
            where=source,
            expected="a folder with a folder 'config' in it",
            hint="Give an existing workspace, such as workspaces/Demo_Workspace.",
        )
    if os.path.lexists(target):
        raise WorkspaceError(
            "The target exists already.",
            where=target,
            hint="Give a name that is not taken; nothing is ever overwritten.",
        )
    if target.resolve().is_relative_to(source.resolve()):
        raise WorkspaceError(
            "The target lies inside the source.",
            where=target,
            hint="Give a place beside the source, not in it.",
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkspaceError(
            "A file of the source cannot be read.", where=path, found=error.strerror
        ) from error


def _config_files(source: Path) -> dict[str, Path]:
    """Return every file below ``config/``, by path relative to the workspace."""
    found: dict[str, Path] = {}
    seen: set[str] = set()  # linked folders may form a loop
    for parent, folders, names in os.walk(source / "config", followlinks=True):
        if os.path.realpath(parent) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(parent))
        for name in names:
            path = Path(parent) / name
            if not name.startswith(".") and path.is_file():
                found[path.relative_to(source).as_posix()] = path
    return dict(sorted(found.items()))


def _clear_state(contents: dict[str, bytes]) -> tuple[Finding, ...]:
    """Replace the state in the configuration by that of an account that has not traded yet."""
    findings: list[Finding] = []
    present = [f"config/{name}" for name in ProdConfig.file_names if f"config/{name}" in contents]
    for key in present[1:]:
        message = f"{key} was not copied: {present[0]} is read instead of it."
        findings.append(Finding("WSP002", "info", message, key))
        del contents[key]
    for key in present[:1]:
        contents[key], more = _cleared_prod_config(contents[key], key)
        findings += more
    contents["config/cashflow.json"] = _as_json({"cashflows": {}, "processed": {}})
    return tuple(findings)


def _cleared_prod_config(data: bytes, source: str) -> tuple[bytes, list[Finding]]:
    text = decode_config(data, source)
    before = model_from_text(ProdConfig, text, source)
    document: dict[str, Any] = parse_json_text(text, source)
    document["current_cash"] = document.get("initial_cash") or 0
    document["current_holding"] = []
    if "initial_holding" in document:
        document["initial_holding"] = []
    cash = before.initial_cash or Decimal(0)
    if not before.current_holding and before.current_cash == cash:
        return _as_json(document), []
    message = f"The new workspace starts with {cash} CNY in cash and no holdings."
    return _as_json(document), [Finding("WSP001", "info", message, source, "current_holding")]


def _as_json(document: dict[str, Any]) -> bytes:
    plain = {key: _number(value) for key, value in document.items()}
    return (json.dumps(plain, indent=4, ensure_ascii=False) + "\n").encode()


def _number(value: Any) -> Any:
    """Return a decimal as the JSON number with the same digits, or as text where there is none."""
    if not isinstance(value, Decimal):
        return value
    nearest = float(value)
    return nearest if Decimal(repr(nearest)) == value else str(value)


def _fill(root: Path, contents: dict[str, bytes]) -> None:
    for name in _FOLDERS:
        (root / name).mkdir()
    (root / "config").mkdir()
    for name, data in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    script = root / "run_env.sh"
    script.chmod(script.stat().st_mode | 0o111)
