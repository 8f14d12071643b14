"""TRA's dataset, without sequences that run over from one instrument into the next.

Imported only by Qlib, by the ``module_path`` of a workflow, because it needs torch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from qlib.contrib.data import dataset as qlib_dataset

from quantpits.modeling.split_dataset import bounded_slices, first_rows

__all__ = ["MTSDatasetH"]


class MTSDatasetH(qlib_dataset.MTSDatasetH):  # type: ignore[misc]  # Qlib ships no types
    """Qlib's ``MTSDatasetH`` whose sequences are those of one instrument.

    Notes
    -----
    pyqlib 0.9.7 fills the sequences of an instrument's first sessions with the last rows of the
    instrument before it in the table: another stock, and days that are still to come. Here they are
    filled with zeros, as those of the first instrument always were.
    """

    def setup_data(self, handler_kwargs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Load the data and cut the sequences at each instrument's first row."""
        super().setup_data(handler_kwargs, **kwargs)
        first = first_rows(self._index, len(np.unique(self._index.get_level_values(1))))
        bounded_slices(self, first)
