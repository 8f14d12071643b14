"""Step 1: train the models of the registry and publish what they predict.

Each finished model is recorded durably at once, so a crash costs at most the model in flight; the
records that other steps read change only when every model succeeded, or by merge when asked to
publish part of them.

May be imported from here: the request and the report, which are light; `training.step.run` does the
work. Never here: another step, and Qlib or MLflow themselves (they are behind `modeling`).
"""

from quantpits.training.request import (
    CheckReport,
    CheckRequest,
    StateReport,
    StateRequest,
    TrainReport,
    TrainRequest,
)

__all__ = [
    "CheckReport",
    "CheckRequest",
    "StateReport",
    "StateRequest",
    "TrainReport",
    "TrainRequest",
]
