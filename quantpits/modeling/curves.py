"""How a model learned, step by step: what of it a run keeps as ``training_curve.json``.

Qlib's models tell it in different ways. In this order, the first that has something counts: the
dictionary that ``fit`` fills (most networks, LightGBM, XGBoost), the numbers logged with a step
(`R.log_metrics`), what the fitted model holds (CatBoost, lists such as ``train_loss``), and last
the lines that LightGBM prints (DoubleEnsemble). A model without steps, such as a linear one, has no
curve.

Conventions: values are as the model gave them, without times, so the same training keeps the same
bytes; what is not a finite number is None.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Curve", "TrainingCurves", "training_curves"]

Source = Literal["evals_result", "logged metrics", "model", "printed lines"]

_ATTRIBUTES = ("train_loss", "valid_loss", "val_loss", "train_losses", "valid_losses", "val_losses")
_FEWEST = 2
# The lines of LightGBM: a number in brackets, then the measures of each part of the data.
_LINE = re.compile(r"^\[(\d+)\]\s+(.+)$", re.MULTILINE)
_VALUE = re.compile(r"(\w+)'s ([\w@]+): ([-+\d.einfa]+)")
_VALIDATION = re.compile(r"\b(val|valid|validation)", re.IGNORECASE)
_HIGHER = re.compile(r"(^|[\W_])(ic|rank_?ic|icir|r2|auc|accuracy)($|[\W_])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Curve:
    """One number at every step.

    Attributes
    ----------
    name : str
        What it is, such as ``"valid l2"``.
    steps : tuple of int
        Epochs, iterations or evaluations, rising.
    values : tuple of float or None
        One for each step.
    """

    name: str
    steps: tuple[int, ...]
    values: tuple[float | None, ...]

    @property
    def is_validation(self) -> bool:
        """Whether it is of the validation window."""
        return _VALIDATION.search(self.name) is not None

    @property
    def is_higher_better(self) -> bool:
        """Whether it is a score: named as one, or a loss with its sign changed, as Qlib does."""
        known = [value for value in self.values if value is not None]
        return _HIGHER.search(self.name) is not None or bool(known and max(known) <= 0.0)


@dataclass(frozen=True, slots=True)
class TrainingCurves:
    """How a model learned.

    Attributes
    ----------
    source : {"evals_result", "logged metrics", "model", "printed lines"}
        Where the numbers come from.
    curves : tuple of Curve
        In the model's order.
    """

    source: Source
    curves: tuple[Curve, ...]

    def shown(self) -> tuple[Curve, ...]:
        """Return the curves of one measure: that of the first validation curve, else of the first.

        Examples
        --------
        >>> curves = [Curve(name, (1,), (0.5,)) for name in ("train l2", "train l1", "valid l2")]
        >>> [curve.name for curve in TrainingCurves("model", tuple(curves)).shown()]
        ['train l2', 'valid l2']
        """
        first = next((each for each in self.curves if each.is_validation), self.curves[0])
        measure = _measure(first.name)
        return tuple(each for each in self.curves if _measure(each.name) == measure)

    def best_step(self) -> int | None:
        """Return at which step, counted from 1, the shown validation curve is best.

        None without such a curve; with several, as of a model that is made of several; and where
        the curves differ in length, since they then tell of other phases of the training.

        Examples
        --------
        >>> TrainingCurves("model", (Curve("valid", (1, 2, 3), (0.5, 0.25, 0.75)),)).best_step()
        2
        """
        validated = [each for each in self.shown() if each.is_validation]
        if len(validated) != 1 or len({each.steps for each in self.shown()}) > 1:
            return None
        curve = validated[0]
        sign = -1.0 if curve.is_higher_better else 1.0
        known = [
            (sign * value, at) for at, value in enumerate(curve.values, 1) if value is not None
        ]
        return min(known)[1] if known else None

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> TrainingCurves:
        """Return the curves that JSON holds.

        Parameters
        ----------
        plain : mapping
            As `quantpits.workspace.to_jsonable` made it.

        Returns
        -------
        TrainingCurves
            The same curves.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is something else.
        """
        curves = tuple(
            Curve(
                str(each["name"]),
                tuple(int(step) for step in each["steps"]),
                tuple(None if value is None else float(value) for value in each["values"]),
            )
            for each in plain["curves"]
        )
        if not curves:
            message = "no curve"
            raise ValueError(message)
        return cls(plain["source"], curves)


def training_curves(
    evals_result: Mapping[str, Any],
    *,
    logged: Mapping[str, Mapping[int, float]],
    model: Any,
    printed: str,
) -> TrainingCurves | None:
    """Return how a model learned, as far as it told.

    Parameters
    ----------
    evals_result : mapping
        What the model's ``fit`` put into the argument of this name.
    logged : mapping of str to mapping of int to float
        Numbers logged by step, by name.
    model : object
        The fitted model.
    printed : str
        What it printed.

    Returns
    -------
    TrainingCurves or None
        None if it told nothing.
    """
    found: tuple[tuple[Source, Iterable[Curve]], ...] = (
        ("evals_result", _from_results(evals_result)),
        ("logged metrics", _from_logged(logged)),
        ("model", _from_model(model)),
        ("printed lines", _from_lines(printed)),
    )
    for source, curves in found:
        known = tuple(each for each in curves if any(value is not None for value in each.values))
        if known:
            return TrainingCurves(source, known)
    return None


def _from_results(results: Mapping[str, Any]) -> list[Curve]:
    """Return the curves of ``{part: values}``, ``{part: {measure: values}}`` and lists of dicts."""
    curves = []
    for part, content in results.items():
        if isinstance(content, dict):
            named = {f"{part} {measure}": values for measure, values in content.items()}
        elif isinstance(content, list) and content and all(isinstance(e, dict) for e in content):
            measures = dict.fromkeys(key for each in content for key in each)
            named = {f"{part} {key}": [each.get(key) for each in content] for key in measures}
        else:
            named = {str(part): content}
        curves += [_curve(name, values) for name, values in named.items()]
    return [curve for curve in curves if curve is not None]


def _from_logged(logged: Mapping[str, Mapping[int, float]]) -> list[Curve]:
    curves = []
    for name, by_step in logged.items():
        if len(by_step) >= _FEWEST:
            steps = sorted(by_step)
            values = tuple(_number(by_step[step]) for step in steps)
            curves.append(Curve(name, tuple(steps), values))
    return curves


def _from_model(model: Any) -> list[Curve]:
    held = {name: getattr(model, name, None) for name in _ATTRIBUTES}
    curves = _from_results({name: each for name, each in held.items() if isinstance(each, list)})
    if curves:
        return curves
    for owner in (model, getattr(model, "model", None)):
        results = getattr(owner, "get_evals_result", None)
        if callable(results):
            return _from_results(dict(results()))
    return []


def _from_lines(printed: str) -> list[Curve]:
    """Return the curves of printed lines; where the count starts again, another part begins."""
    parts: list[dict[str, dict[int, float]]] = [{}]
    last = 0
    for line in _LINE.finditer(printed):
        step = int(line[1])
        if step <= last:
            parts.append({})
        last = step
        for name, measure, value in _VALUE.findall(line[2]):
            try:
                parts[-1].setdefault(f"{name} {measure}", {})[step] = float(value)
            except ValueError:
                continue
    is_one = len(parts) == 1
    return [
        Curve(
            name if is_one else f"{name}, part {number}",
            tuple(by_step),
            tuple(_number(value) for value in by_step.values()),
        )
        for number, part in enumerate(parts, 1)
        for name, by_step in part.items()
    ]


def _curve(name: str, values: Any) -> Curve | None:
    if not isinstance(values, list | tuple) or not values:
        return None
    try:
        numbers = tuple(_number(value) for value in values)
    except (TypeError, ValueError):
        return None
    return Curve(name, tuple(range(1, len(numbers) + 1)), numbers)


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _measure(name: str) -> str:
    """Return what a curve measures: its name without the part of data and model it is of.

    Examples
    --------
    >>> [_measure(name) for name in ("train l2", "valid", "val_loss", "valid l2, part 2")]
    ['l2', '', 'loss', 'l2']
    """
    words = re.split(r"[\s._,]+", name.lower().partition(", part ")[0])
    parts = {"train", "learn", "test", "val", "valid", "validation"}
    return " ".join(word for word in words if word and word not in parts)
