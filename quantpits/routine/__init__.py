"""Whole loops over the steps: the routine scenarios, the demo, and trading on paper.

What this room is for: doing in one go what a person does with several commands, and playing the
broker where there is none. What may be imported from it: the requests and reports below, and the
modules `scenario`, `demo`, `paper` (settles orders), `loop` (the paper loop, held against the
simulator) and `divergence` (real fills, held against their orders), whose `run` does the work; only
the command line does so.
What must never be here: anything that a step should do by itself, a computation on scores or
weights, Qlib or MLflow.
"""

from quantpits.routine.divergence_request import DivergenceReport, DivergenceRequest
from quantpits.routine.loop_request import LoopReport, LoopRequest
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
from quantpits.routine.slippage import Slippage

__all__ = [
    "DemoReport",
    "DemoRequest",
    "DemoStage",
    "DivergenceReport",
    "DivergenceRequest",
    "LoopReport",
    "LoopRequest",
    "PaperReport",
    "PaperRequest",
    "RunReport",
    "RunRequest",
    "Scenario",
    "Slippage",
    "StepLine",
]
