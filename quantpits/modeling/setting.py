"""What training and prediction start from: the configuration, the market, and the anchor.

Reading is done once and completely: the problems of all config and workflow files are reported
together, before anything is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.config import ModelConfig, ModelRegistry, nearest_name
from quantpits.errors import ConfigError, ConfigProblem, name_list
from quantpits.market import (
    MarketSource,
    data_fingerprint,
    list_universes,
    load_calendar,
    open_qlib,
    resolve_market,
)
from quantpits.modeling.recorders import quiet_mlflow
from quantpits.modeling.runtime import calm_threads
from quantpits.modeling.windows import resolve_anchor
from quantpits.modeling.workflow import Workflow, read_workflow
from quantpits.workspace.paths import decode_config

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from quantpits.workspace import Workspace

__all__ = ["Setting", "load_setting", "read_workflows"]


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A workspace's configuration and market, as of its anchor.

    Attributes
    ----------
    config : ModelConfig
        Windows, universe, frequency, seed.
    registry : ModelRegistry
        The models there are.
    source : MarketSource
        The market data.
    sessions : datetime64[D] [n_sessions]
        The sessions the market data hold, ascending.
    anchor : date
        The date the run is known by.
    data_hash : str
        Fingerprint of the market snapshot.
    """

    config: ModelConfig
    registry: ModelRegistry
    source: MarketSource
    sessions: NDArray[np.datetime64]
    anchor: date
    data_hash: str

    def open_market(self) -> None:
        """Open the market for Qlib, with MLflow, which Qlib imports, kept quiet."""
        calm_threads()
        quiet_mlflow()
        open_qlib(self.source)

    def experiment(self, kind: str) -> str:
        """Return the MLflow experiment of a kind of run: ``Prod_{kind}_WEEK`` or ``_DAY``."""
        return f"Prod_{kind}_{self.config.freq.upper()}"


def load_setting(workspace: Workspace) -> Setting:
    """Return what a workspace's training and prediction start from.

    Parameters
    ----------
    workspace : Workspace
        Whose configuration and market.

    Returns
    -------
    Setting
        Complete and checked.

    Raises
    ------
    ConfigError
        If a config file is missing or wrong, or names a universe the market does not have.
    MissingDataError
        If there are no market data, or none for the anchor.
    """
    config, registry = workspace.read_config(ModelConfig, ModelRegistry)
    source = resolve_market(workspace)
    _check_universe(config, source)
    calendar = load_calendar(source)
    anchor = resolve_anchor(config, calendar.sessions, calendar.future)
    return Setting(config, registry, source, calendar.sessions, anchor, data_fingerprint(source))


def read_workflows(
    workspace: Workspace, registry: ModelRegistry, names: Iterable[str]
) -> dict[str, Workflow]:
    """Return the workflows of some models.

    Parameters
    ----------
    workspace : Workspace
        Where the files lie.
    registry : ModelRegistry
        Which file belongs to which model.
    names : iterable of str
        Models of the registry.

    Returns
    -------
    dict of str to Workflow
        Model to its parsed workflow.

    Raises
    ------
    ConfigError
        If a file is missing or wrong, listing the problems of all files.
    """
    workflows = {}
    problems: list[ConfigProblem] = []
    for name in names:
        source = registry.models[name].yaml_file
        try:
            text = decode_config((workspace.root / source).read_bytes(), source)
            workflows[name] = read_workflow(text, source)
        except OSError as error:
            message = f"the workflow of the model {name!r} cannot be read: {error.strerror}"
            problems.append(ConfigProblem(source, "", message))
        except ConfigError as error:
            problems += [
                ConfigProblem(problem.source or source, problem.key, problem.message)
                for problem in error.problems
            ]
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)), hint=f"The files are in {workspace.root}.")
    return workflows


def _check_universe(config: ModelConfig, source: MarketSource) -> None:
    known = list_universes(source)
    if config.market in known:
        return
    near = nearest_name(config.market, known)
    message = f"the market data have no universe {config.market!r}, but {name_list(known)}"
    hint = f"did you mean {near!r}?" if near else None
    raise ConfigError([ConfigProblem("config/model_config.json", "market", message)], hint=hint)
