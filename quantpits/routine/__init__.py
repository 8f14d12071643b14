"""Whole loops over the steps: the two routine scenarios, the paper broker, the demo.

What this room is for: doing in one go what a person does with several commands, and playing the
broker where there is none. What may be imported from it: the requests and reports below, and the
modules `scenario`, `paper` and `demo`, whose `run` does the work; only the command line does so.
What must never be here: anything that a step should do by itself, a computation on scores or
weights, Qlib or MLflow.
"""

from quantpits.routine.request import (
    DemoReport,
    DemoRequest,
    DemoStage,
    PaperReport,
    PaperRequest,
    RunReport,
    RunRequest,
    Scenario,
    StepLine,
)

__all__ = [
    "DemoReport",
    "DemoRequest",
    "DemoStage",
    "PaperReport",
    "PaperRequest",
    "RunReport",
    "RunRequest",
    "Scenario",
    "StepLine",
]
