"""Qlib models that need a small correction to run here.

Imported only by Qlib, by the ``module_path`` of a workflow, because it needs torch.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from qlib.contrib.meta.data_selection.utils import ICLoss
from qlib.contrib.model.pytorch_nn import DNNModelPytorch

__all__ = ["DNN"]


class DNN(DNNModelPytorch):  # type: ignore[misc]  # Qlib ships no types
    """Qlib's ``DNNModelPytorch``, for current torch and for universes of any size.

    Notes
    -----
    pyqlib 0.9.7 compares version numbers as text, takes torch 2.10 and later for older than 2.6,
    and passes the scheduler an argument that was removed (``verbose``). The scheduler's settings
    here are Qlib's own. Its validation metric leaves out days with fewer than 50 instruments, and
    starts a debugger when none is left.
    """

    def __init__(self, **kwargs: Any) -> None:
        scheduler = functools.partial(
            torch.optim.lr_scheduler.ReduceLROnPlateau,
            mode="min",
            factor=0.5,
            patience=10,
            threshold=0.0001,
            threshold_mode="rel",
            cooldown=0,
            min_lr=0.00001,
            eps=1e-08,
        )
        super().__init__(**{"scheduler": scheduler, **kwargs})

    def get_metric(self, pred: Any, target: Any, index: Any) -> Any:
        """Return the negated mean daily IC, of days with two instruments or more."""
        return -ICLoss(skip_size=2)(pred, target, index)
