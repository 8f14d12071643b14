"""A workspace: one folder with configuration, data and results, and the names of all in it.

A workspace is a value that is passed in. Nothing depends on the working directory, nothing is
global, and this module is the only place that knows where things lie.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, overload

from quantpits.config import (
    CashflowConfig,
    ComboGroups,
    ConfigFile,
    EnsembleConfig,
    MarketConfig,
    ModelConfig,
    ModelRegistry,
    ProdConfig,
    StrategyConfig,
    model_from_text,
)
from quantpits.errors import ConfigError, ConfigProblem, WorkspaceError

__all__ = ["Workspace", "decode_config", "open_workspace"]

A = TypeVar("A", bound=ConfigFile)
B = TypeVar("B", bound=ConfigFile)
C = TypeVar("C", bound=ConfigFile)
D = TypeVar("D", bound=ConfigFile)

_ACTIVATE = (
    "Name it with --workspace PATH, or activate one: source workspaces/<name>/run_env.sh. "
    "To make one: init_workspace.py --source workspaces/Demo_Workspace --target workspaces/<name>."
)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders and files of one workspace.

    Attributes
    ----------
    root : Path
        Absolute path of the workspace. `open_workspace` checks that it is one.
    """

    root: Path

    @property
    def name(self) -> str:
        """Name of the workspace: that of its folder."""
        return self.root.name

    @property
    def config_dir(self) -> Path:
        """Configuration, written by the user (and the state keys of ``prod_config.json``)."""
        return self.root / "config"

    @property
    def data_dir(self) -> Path:
        """Broker files, the ledger and its projections, run state."""
        return self.root / "data"

    @property
    def output_dir(self) -> Path:
        """Results of the steps."""
        return self.root / "output"

    @property
    def predictions_dir(self) -> Path:
        """Predictions of models and ensembles, one CSV per name and anchor."""
        return self.output_dir / "predictions"

    @property
    def ensemble_dir(self) -> Path:
        """What fusion writes beside its predictions."""
        return self.output_dir / "ensemble"

    @property
    def ranking_dir(self) -> Path:
        """Top N rankings."""
        return self.output_dir / "ranking"

    @property
    def manifests_dir(self) -> Path:
        """One manifest per kind of run."""
        return self.output_dir / "manifests"

    @property
    def archive_dir(self) -> Path:
        """Where dated files go when they are no longer current."""
        return self.root / "archive"

    @property
    def mlruns_dir(self) -> Path:
        """MLflow's database and artifacts."""
        return self.root / "mlruns"

    @property
    def history_dir(self) -> Path:
        """Backups of files before they are replaced."""
        return self.data_dir / "history"

    @property
    def order_history_dir(self) -> Path:
        """Archived orders, trade details and broker files."""
        return self.data_dir / "order_history"

    @property
    def market_dir(self) -> Path:
        """The synthetic market, if this workspace uses it."""
        return self.data_dir / "market_synthetic"

    @property
    def cache_dir(self) -> Path:
        """What can be computed again at any time."""
        return self.data_dir / "cache"

    @property
    def features_dir(self) -> Path:
        """Features of models, computed; may be deleted at any time."""
        return self.data_dir / "features"

    @property
    def ledger_path(self) -> Path:
        """The books."""
        return self.data_dir / "ledger.db"

    @property
    def records_path(self) -> Path:
        """The record of the trained models in use."""
        return self.root / "latest_train_records.json"

    @property
    def prod_config_path(self) -> Path:
        """Live state, as it is written; an older name may be read, see `config_path`."""
        return self.config_dir / "prod_config.json"

    @property
    def cashflow_path(self) -> Path:
        """Deposits and withdrawals."""
        return self.config_dir / "cashflow.json"

    @property
    def run_state_path(self) -> Path:
        """Progress of an incremental training that has not finished."""
        return self.data_dir / "run_state.json"

    def relative(self, path: Path) -> str:
        """Return `path` relative to the workspace, with forward slashes, if it lies inside.

        Parameters
        ----------
        path : Path
            Any path.

        Returns
        -------
        str
            For messages and records; an outside path stays as it is.
        """
        is_inside = path.is_relative_to(self.root)
        return (path.relative_to(self.root) if is_inside else path).as_posix()

    def config_path(self, model_cls: type[ConfigFile]) -> Path | None:
        """Return the existing file of a config model.

        Parameters
        ----------
        model_cls : type
            The model of the file.

        Returns
        -------
        Path or None
            The first of its names that exists, or None.
        """
        candidates = (self.config_dir / name for name in model_cls.file_names)
        return next((path for path in candidates if path.is_file()), None)

    @overload
    def read_config(self, one: type[A], /) -> tuple[A]: ...
    @overload
    def read_config(self, one: type[A], two: type[B], /) -> tuple[A, B]: ...
    @overload
    def read_config(self, one: type[A], two: type[B], three: type[C], /) -> tuple[A, B, C]: ...
    @overload
    def read_config(
        self, one: type[A], two: type[B], three: type[C], four: type[D], /
    ) -> tuple[A, B, C, D]: ...
    @overload
    def read_config(self, *model_classes: type[ConfigFile]) -> tuple[ConfigFile, ...]: ...
    def read_config(self, *model_classes: type[ConfigFile]) -> tuple[ConfigFile, ...]:
        """Read several config files, and report the problems of all of them together.

        Parameters
        ----------
        *model_classes : type
            Models of the files that a step needs.

        Returns
        -------
        tuple
            One model per class, in the same order; all defaults for an optional file that does not
            exist (`config_path` tells whether it does).

        Raises
        ------
        ConfigError
            If a required file is missing or anything in any file is wrong.
        """
        models: list[ConfigFile] = []
        problems: list[ConfigProblem] = []
        for model_cls in model_classes:
            try:
                models.append(self._read_one(model_cls))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems, hint=f"The files are in {self.root}.")
        return tuple(models)

    def model_config(self) -> ModelConfig:
        """Return ``config/model_config.json``; raises `ConfigError`."""
        return self.read_config(ModelConfig)[0]

    def registry(self) -> ModelRegistry:
        """Return ``config/model_registry.yaml``; raises `ConfigError`."""
        return self.read_config(ModelRegistry)[0]

    def prod_config(self) -> ProdConfig:
        """Return ``config/prod_config.json``, or its older name; raises `ConfigError`."""
        return self.read_config(ProdConfig)[0]

    def cashflow(self) -> CashflowConfig:
        """Return ``config/cashflow.json``; raises `ConfigError`."""
        return self.read_config(CashflowConfig)[0]

    def ensemble_config(self) -> EnsembleConfig:
        """Return ``config/ensemble_config.json``; raises `ConfigError`."""
        return self.read_config(EnsembleConfig)[0]

    def strategy_config(self) -> StrategyConfig:
        """Return ``config/strategy_config.yaml``, all defaults without it; raises `ConfigError`."""
        return self.read_config(StrategyConfig)[0]

    def market_config(self) -> MarketConfig:
        """Return ``config/market.yaml``, all defaults without it; raises `ConfigError`."""
        return self.read_config(MarketConfig)[0]

    def combo_groups(self) -> ComboGroups:
        """Return ``config/combo_groups.yaml``; raises `ConfigError`."""
        return self.read_config(ComboGroups)[0]

    def _read_one(self, model_cls: type[ConfigFile]) -> ConfigFile:
        path = self.config_path(model_cls)
        if path is None:
            if not model_cls.is_required:
                return model_cls()
            source = f"config/{model_cls.file_names[0]}"
            raise ConfigError([ConfigProblem(source, "", "this file is required and missing")])
        source = self.relative(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            message = f"this file cannot be read: {error.strerror}"
            raise ConfigError([ConfigProblem(source, "", message)]) from error
        return model_from_text(model_cls, decode_config(data, source), source)


def decode_config(data: bytes, source: str) -> str:
    """Return the text of a config file.

    Parameters
    ----------
    data : bytes
        The whole file; a byte order mark is dropped.
    source : str
        Name of the file, for messages.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    ConfigError
        If the file is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"this file is not UTF-8 text (byte {error.start})"
        raise ConfigError([ConfigProblem(source, "", message)]) from error


def open_workspace(
    path: str | Path | None = None, environ: Mapping[str, str] = os.environ
) -> Workspace:
    """Return the workspace that a command works on.

    Parameters
    ----------
    path : str or Path, optional
        What the user named; wins over the environment.
    environ : mapping
        Where ``QLIB_WORKSPACE_DIR`` is looked up.

    Returns
    -------
    Workspace
        Its root is absolute, so a later change of the working directory changes nothing.

    Raises
    ------
    WorkspaceError
        If none is named, or what is named is not a workspace.
    """
    named = path if path not in (None, "") else environ.get("QLIB_WORKSPACE_DIR") or None
    if named is None:
        raise WorkspaceError(
            "No workspace is active.",
            expected="--workspace PATH or the environment variable QLIB_WORKSPACE_DIR",
            hint=_ACTIVATE,
        )
    root = Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100 - keeps symbolic links as the user sees them
    if not root.is_dir():
        raise WorkspaceError("The workspace does not exist.", where=root, hint=_ACTIVATE)
    if not (root / "config").is_dir():
        raise WorkspaceError(
            "This folder is not a workspace.",
            where=root,
            expected="a folder 'config' in it",
            hint=_ACTIVATE,
        )
    return Workspace(root)
