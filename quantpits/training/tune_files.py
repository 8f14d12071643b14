"""The new workflow and registry entry of a tuning, under a name that nothing has yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.training.tuned_text import free_name, with_registry_entry, with_values
from quantpits.workspace.paths import decode_config

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.training.trial_plan import TrialPlan
    from quantpits.training.tune_request import TuneReport
    from quantpits.workspace import Workspace

__all__ = ["Proposal", "proposed_files"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a tuning writes.

    Attributes
    ----------
    name : str
        Of the new model.
    texts : dict of Path to str
        Its workflow, and the registry with its entry.
    """

    name: str
    texts: dict[Path, str]


def proposed_files(workspace: Workspace, plan: TrialPlan, *, report: TuneReport) -> Proposal:
    """Return the new workflow and the registry that names it.

    Parameters
    ----------
    workspace : Workspace
        Where they go.
    plan : TrialPlan
        The model that was tuned.
    report : TuneReport
        Its best arguments.

    Returns
    -------
    Proposal
        A model of the same arguments that is there already is proposed again, unchanged; any other
        gets a free name.

    Raises
    ------
    ConfigError
        If the arguments cannot be written into the workflow without changing something else.
    """
    source = plan.workflow.source
    old = decode_config((workspace.root / source).read_bytes(), source)
    header = (
        f"Tuned by quantpits tune from {source.rpartition('/')[2]}, anchor"
        f" {plan.setting.anchor}: rank IC {report.best:.4f} before the test window."
    )
    text = with_values(old, report.best_arguments, source=source, header=header)
    registry = workspace.config_dir / "model_registry.yaml"
    known = decode_config(registry.read_bytes(), "config/model_registry.yaml")
    models = plan.setting.registry.models
    wanted = f"{report.model}_tuned"
    for name, entry in models.items():
        path = workspace.root / entry.yaml_file
        if name.startswith(wanted) and path.is_file() and path.read_bytes() == text.encode():
            return Proposal(name, {path: text, registry: known})
    files = {path.stem.removeprefix("workflow_config_") for path in workspace.config_dir.iterdir()}
    name = free_name(wanted, {*models, *files})
    base = models[report.model]
    file = f"config/workflow_config_{name}.yaml"
    entry = base.model_copy(
        update={
            "yaml_file": file,
            "enabled": False,
            "tags": tuple(dict.fromkeys((*base.tags, "tuned"))),
            "notes": f"Tuned from {report.model}",
        }
    )
    return Proposal(
        name,
        {workspace.root / file: text, registry: with_registry_entry(known, name, entry=entry)},
    )
