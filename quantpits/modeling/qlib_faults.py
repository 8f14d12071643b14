"""Classes of Qlib that read what they must not, and what stands in for them.

A model whose past scores change with later days has an IC that nobody could have earned, and a
workflow that was written for Qlib names such a class without knowing. Checking a workflow puts the
class that stands in for it; training says so and leaves the workflow as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["StandIn", "fault_notes", "stand_in"]


@dataclass(frozen=True, slots=True)
class StandIn:
    """What to use in the place of a class of Qlib.

    Attributes
    ----------
    module_path : str
        Where the class of the same name is that does not have the fault.
    fault : str
        What Qlib's own does, in words.
    """

    module_path: str
    fault: str


_STAND_INS: Final = {
    ("GATs", "qlib.contrib.model.pytorch_gats_ts"): StandIn(
        "quantpits.modeling.zoo_gats",
        "its scores of a day depend on later days of the same stock",
    ),
    ("MTSDatasetH", "qlib.contrib.data.dataset"): StandIn(
        "quantpits.modeling.zoo_tra",
        "the sequences of a stock's first sessions begin with another stock's last ones",
    ),
}


def stand_in(class_name: str, module_path: str) -> StandIn | None:
    """Return what to use in the place of a class.

    Parameters
    ----------
    class_name, module_path : str
        As a Qlib description names it.

    Returns
    -------
    StandIn or None
        None if nothing is known against it.

    Examples
    --------
    >>> stand_in("MTSDatasetH", "qlib.contrib.data.dataset").module_path
    'quantpits.modeling.zoo_tra'
    """
    return _STAND_INS.get((class_name, module_path))


def fault_notes(*descriptions: Mapping[str, Any]) -> list[str]:
    """Return what is known against the classes of a task.

    Parameters
    ----------
    *descriptions : mapping
        Qlib's descriptions: ``class`` and ``module_path``.

    Returns
    -------
    list of str
        One sentence for each class with a fault.
    """
    notes = []
    for each in descriptions:
        name = str(each.get("class"))
        found = stand_in(name, str(each.get("module_path")))
        if found is not None:
            notes.append(
                f"Qlib's own {name} is not to be trusted: {found.fault}; "
                f"name module_path: {found.module_path} in its workflow"
            )
    return notes
