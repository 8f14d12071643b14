"""The door to Qlib's models: which to run, on what dates, with what, and what became of them.

May be imported from here: the names below, which are light. The modules that need Qlib, MLflow or a
model's own library - `features`, `datasets`, `recorders`, `fit`, `forecast` - are imported by their
name, and import the heavy libraries inside their functions, so that a command answers ``--help``
without them.

Never here: what a step does with the results, files other than a run's own, and orders. No step is
imported, and no other room imports Qlib or MLflow (market data have their own door, `market`).
"""

from quantpits.modeling.fingerprint import library_versions, result_fingerprint
from quantpits.modeling.labels import default_label, label_expressions, label_horizon
from quantpits.modeling.results import ModelResult, model_result, result_lines
from quantpits.modeling.selection import ModelSelection, select_models
from quantpits.modeling.windows import DateWindows, compute_windows, resolve_anchor, slide_dates
from quantpits.modeling.workflow import (
    Injection,
    ResolvedTask,
    Workflow,
    read_workflow,
    resolve_task,
    task_horizon,
    task_labels,
)

__all__ = [
    "DateWindows",
    "Injection",
    "ModelResult",
    "ModelSelection",
    "ResolvedTask",
    "Workflow",
    "compute_windows",
    "default_label",
    "label_expressions",
    "label_horizon",
    "library_versions",
    "model_result",
    "read_workflow",
    "resolve_anchor",
    "resolve_task",
    "result_fingerprint",
    "result_lines",
    "select_models",
    "slide_dates",
    "task_horizon",
    "task_labels",
]
