"""Step 4: one score from the predictions of several models.

What this room is for: choosing combos, weighing and fusing their models, and writing what orders
and rankings follow.

What may be imported from it: the requests and the report below; shells also import
`quantpits.fusion.step.run` or `quantpits.fusion.explain.run`, when they run it. Other steps import
nothing from here: they read ``output/predictions``.

What must never be here: training, prediction, MLflow, Qlib, orders.
"""

from __future__ import annotations

from quantpits.fusion.request import (
    ComboFigures,
    ExplainRequest,
    FusedCombo,
    FuseReport,
    FuseRequest,
)

__all__ = ["ComboFigures", "ExplainRequest", "FuseReport", "FuseRequest", "FusedCombo"]
