"""Which combos a request means, and which of them orders may follow.

Invariants: exactly one file per anchor is what orders follow, ``ensemble_{anchor}.csv``. The
default combo writes it; models named by the user write it only when there is no default combo, or
when the user says so. Nothing that was cut by dates ever does. No two plans can write one file.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from quantpits.errors import ConfigError, ConfigProblem, Finding, UsageError, name_list
from quantpits.fusion.weights import METHODS, check_manual_weights, parse_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quantpits.config.ensemble import Combo, EnsembleConfig
    from quantpits.fusion.request import FuseRequest
    from quantpits.fusion.window import Window

__all__ = ["TRADABLE_LABEL", "ComboPlan", "nearest_hint", "plan_combos"]

TRADABLE_LABEL = "ensemble"
"""Label of the prediction that orders follow."""

_ADHOC_LABEL = "ensemble_adhoc"
_SOURCE = "config/ensemble_config.json"
_FREQUENCIES = ("day", "week")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComboPlan:
    """One fusion to do.

    Attributes
    ----------
    label : str
        What its prediction is called.
    combo : str or None
        Name in the configuration; None for models named by the user.
    models : tuple of str
        Every model that should go in, in the order given.
    method : str
        ``equal``, ``icir_weighted``, ``manual`` or ``dynamic``.
    manual : dict of str to float or None
        For ``manual``: a checked weight of each model, on any scale.
    min_model_ic : float
        For ``icir_weighted``: mean IC that a model must exceed.
    is_default : bool
        Whether it is the default combo.
    is_tradable : bool
        Whether orders follow it: it is written as ``ensemble_{anchor}.csv`` too.
    """

    label: str
    combo: str | None
    models: tuple[str, ...]
    method: str
    manual: dict[str, float] | None = None
    min_model_ic: float = 0.0
    is_default: bool = False
    is_tradable: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """What its files are called: its own label, then the plain one where orders follow it."""
        if self.is_tradable and self.label != TRADABLE_LABEL:
            return (self.label, TRADABLE_LABEL)
        return (self.label,)

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"combo {self.combo!r}" if self.combo else f"fusion of {name_list(self.models)}"


def plan_combos(
    request: FuseRequest, config: EnsembleConfig | None, *, window: Window
) -> tuple[tuple[ComboPlan, ...], tuple[Finding, ...]]:
    """Return what to fuse, in order.

    Parameters
    ----------
    request : FuseRequest
        What the user asked for.
    config : EnsembleConfig or None
        The combos of the workspace; None if it has none.
    window : Window
        The dates that count.

    Returns
    -------
    plans : tuple of ComboPlan
        At least one.
    findings : tuple of Finding
        What the choice means that the user may not expect.

    Raises
    ------
    UsageError
        If the request is empty or contradicts itself, or names an unknown combo or method.
    ConfigError
        If the configuration has no combos, or lacks or misstates the weights of a chosen combo.
    """
    _check_words(request)
    _check_publish(request, window)
    findings = list(_choice_findings(request))
    if request.models is not None:
        plans: tuple[ComboPlan, ...] = (_plan_of_models(request, config, window),)
    else:
        if config is None:
            raise ConfigError([ConfigProblem(_SOURCE, "", "the file is missing")])
        names = _chosen(request, config)
        if len(names) > 1 and request.weights is not None:
            raise UsageError(
                "One list of weights cannot serve several combos.",
                where="--weights",
                found=f"combos {name_list(names)}",
                hint="choose one with --combo, or give manual_weights in the configuration",
            )
        plans = tuple(_plan_of_combo(request, config, name=name, window=window) for name in names)
        findings += _combo_findings(request, config, names)
    _refuse_shared_files(plans, config)
    return plans, tuple(findings)


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """Return a hint that names what the user may have meant.

    Parameters
    ----------
    name : str
        What was asked for.
    known : iterable of str
        What there is.

    Returns
    -------
    str
        The nearest known name if one is near, and what there is.

    Examples
    --------
    >>> nearest_hint("gruu", ["gru", "mlp"])
    "did you mean 'gru'? there are 'gru', 'mlp'"
    """
    names = list(known)
    near = get_close_matches(name, names, n=1)
    question = f"did you mean {near[0]!r}? " if near else ""
    return f"{question}there are {name_list(names)}"


def _check_words(request: FuseRequest) -> None:
    asked = (request.models, request.combo, request.from_config_all, request.from_config)
    if not any(value is not None and value is not False for value in asked):
        raise UsageError(
            "There is nothing to fuse.",
            expected="--models, --combo, --from-config-all or --from-config",
            found="none of them",
        )
    for flag, value, words in (
        ("--method", request.method, METHODS),
        ("--freq", request.freq, _FREQUENCIES),
    ):
        if value is not None and value not in words:
            raise UsageError(
                f"The word {value!r} is not known here.",
                where=flag,
                hint=nearest_hint(value, words),
            )


def _check_publish(request: FuseRequest, window: Window) -> None:
    if not request.publish:
        return
    if request.models is None:
        raise UsageError(
            "Only a fusion of named models can be published.",
            where="--publish",
            expected="--models",
            hint=f'to trade on a combo, give it "default": true in {_SOURCE}',
        )
    if not window.is_full:
        raise UsageError(
            "A fusion that was cut by dates cannot be published.",
            where="--publish",
            hint="leave out the dates, or leave out --publish",
        )


def _chosen(request: FuseRequest, config: EnsembleConfig) -> tuple[str, ...]:
    if request.combo is not None:
        if request.combo not in config.combos:
            raise UsageError(
                f"There is no combo {request.combo!r}.",
                where=_SOURCE,
                hint=nearest_hint(request.combo, config.combos),
            )
        return (request.combo,)
    if request.from_config_all:
        return tuple(name for name, combo in config.combos.items() if combo.enabled)
    return (config.default_combo,)


def _plan_of_models(
    request: FuseRequest, config: EnsembleConfig | None, window: Window
) -> ComboPlan:
    models = request.models or ()
    repeated = sorted({model for model in models if models.count(model) > 1})
    if not models or repeated:
        raise UsageError(
            "The list of models is not usable.",
            where="--models",
            expected="at least one model, each once",
            found=f"{name_list(repeated)} more than once" if repeated else "no model",
        )
    is_tradable = window.is_full and (config is None or request.publish)
    method = request.method or "equal"
    return ComboPlan(
        label=TRADABLE_LABEL if is_tradable else _ADHOC_LABEL + window.suffix,
        combo=None,
        models=models,
        method=method,
        manual=_manual(request, models, method, given=_top_level(config)),
        min_model_ic=0.0 if config is None else config.min_model_ic,
        is_tradable=is_tradable,
    )


def _plan_of_combo(
    request: FuseRequest, config: EnsembleConfig, *, name: str, window: Window
) -> ComboPlan:
    combo = config.combos[name]
    is_default = name == config.default_combo
    method = request.method or combo.method
    given = _combo_weights(name, combo) or _top_level(config)
    return ComboPlan(
        label=_combo_label(name) + window.suffix,
        combo=name,
        models=combo.models,
        method=method,
        manual=_manual(request, combo.models, method, given=given),
        min_model_ic=config.min_model_ic,
        is_default=is_default,
        is_tradable=is_default and window.is_full,
    )


def _combo_label(name: str) -> str:
    return f"{TRADABLE_LABEL}_{name}"


def _combo_weights(name: str, combo: Combo) -> tuple[str, Mapping[str, float]] | None:
    if combo.manual_weights is None:
        return None
    return f"combos.{name}.manual_weights", combo.manual_weights


def _top_level(config: EnsembleConfig | None) -> tuple[str, Mapping[str, float]] | None:
    if config is None or config.manual_weights is None:
        return None
    return "manual_weights", config.manual_weights


def _manual(
    request: FuseRequest,
    models: tuple[str, ...],
    method: str,
    *,
    given: tuple[str, Mapping[str, float]] | None,
) -> dict[str, float] | None:
    """Return the weights of method manual: the user's, else the combo's, else the file's."""
    if method != "manual":
        if request.weights is not None:
            raise UsageError(
                f"Weights have no effect on the method {method!r}.",
                where="--weights",
                hint="add --method manual",
            )
        return None
    if request.weights is not None:
        weights = parse_weights(request.weights)
        problems = check_manual_weights(models, weights)
        if problems:
            raise UsageError(
                "The weights do not fit the models.",
                where="--weights",
                expected=f"a weight of 0 or more for each of {name_list(models)}",
                found="; ".join(problems),
            )
        return weights
    if given is None:
        raise UsageError(
            "The method 'manual' needs weights.",
            where="--weights",
            expected="model:number for each model",
            hint=f"give --weights, or manual_weights in {_SOURCE}",
        )
    key, from_file = given
    problems = check_manual_weights(models, from_file)
    if problems:
        raise ConfigError([ConfigProblem(_SOURCE, key, problem) for problem in problems])
    return dict(from_file)


def _refuse_shared_files(plans: tuple[ComboPlan, ...], config: EnsembleConfig | None) -> None:
    """Keep a side result off the file of a combo that happens to have its name."""
    combos = {} if config is None else {_combo_label(name): name for name in config.combos}
    for plan in plans:
        other = combos.get(plan.label)
        if other is not None and other != plan.combo:
            raise UsageError(
                f"The result of the {plan.title} would be written over that of combo {other!r}.",
                where=f"{plan.label}_{{anchor}}.csv",
                hint=f"rename combo {other!r} in {_SOURCE}",
            )


def _choice_findings(request: FuseRequest) -> tuple[Finding, ...]:
    asked = [
        flag
        for flag, is_given in (
            ("--models", request.models is not None),
            ("--combo", request.combo is not None),
            ("--from-config-all", request.from_config_all),
            ("--from-config", request.from_config),
        )
        if is_given
    ]
    if len(asked) == 1:
        return ()
    return (
        Finding(
            "FUS001",
            "warning",
            f"{asked[0]} decides what is fused; {', '.join(asked[1:])} has no effect.",
            source="fusion",
        ),
    )


def _combo_findings(
    request: FuseRequest, config: EnsembleConfig, names: tuple[str, ...]
) -> tuple[Finding, ...]:
    findings = []
    for name in names:
        combo = config.combos[name]
        if request.method is not None and request.method != combo.method:
            message = f"--method {request.method} replaces the combo's own {combo.method!r}."
            findings.append(Finding("FUS002", "warning", message, source="fusion", subject=name))
        elif "method" not in combo.model_fields_set:
            message = "The combo names no method, so its models weigh equally."
            findings.append(Finding("FUS003", "warning", message, source=_SOURCE, subject=name))
    if request.from_config_all and request.combo is None:
        disabled = [name for name, combo in config.combos.items() if not combo.enabled]
        findings += [
            Finding("FUS004", "info", "The combo is disabled and left out.", _SOURCE, name)
            for name in disabled
        ]
    return tuple(findings)
