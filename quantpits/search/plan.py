"""From a request to the list of combos: which models, which sizes, which groups.

Everything that can be wrong with a request is said here, before anything is loaded or written.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from quantpits.errors import Finding, MissingArtifactError, UsageError, name_list
from quantpits.search.combos import (
    ComboList,
    combos_by_group,
    combos_by_size,
    combos_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.search.request import SearchRequest

__all__ = ["ModelChoice", "check_request", "choose_models", "list_combos"]

_FEWEST_MODELS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """Which models take part, before their predictions are opened.

    Attributes
    ----------
    models : tuple of str
        Sorted.
    groups : dict of str to tuple of str or None
        Models by group, those with a record only; None without groups.
    candidates : tuple of tuple of str or None
        Combos to look at; None for all sizes.
    findings : tuple of Finding
        What was left out.
    """

    models: tuple[str, ...]
    groups: dict[str, tuple[str, ...]] | None = None
    candidates: tuple[tuple[str, ...], ...] | None = None
    findings: tuple[Finding, ...] = ()


def check_request(request: SearchRequest) -> None:
    """Refuse a request that contradicts itself.

    Parameters
    ----------
    request : SearchRequest
        What was asked for.

    Raises
    ------
    UsageError
        If a number is out of range, or two settings exclude each other.
    """
    _check_numbers(request)
    if request.resume and request.restart:
        _refuse("--resume goes on, --restart begins anew.", "give one of them")
    if request.analysis_only and (request.skip_analysis or request.restart):
        other = "--skip-analysis" if request.skip_analysis else "--restart"
        _refuse(f"--analysis-only and {other} exclude each other.", "give one of them")
    is_excluding = request.exclude_last_years or request.exclude_last_months
    if request.auto_test_top and not (is_excluding or request.analysis_only):
        _refuse(
            "There is nothing out-of-sample to test on.",
            "keep something out of the search: --exclude-last-years or --exclude-last-months",
        )
    if request.auto_test_top and request.skip_analysis:
        _refuse(
            "A list of the best is not written without its overfit statistics.",
            "leave out --skip-analysis, or --auto-test-top",
        )
    if request.candidates is not None and (request.use_groups or request.models):
        _refuse("--candidates names the combos already.", "leave out --use-groups and --models")
    has_sizes = request.min_combo_size > 1 or request.max_combo_size > 0
    if request.candidates is not None and has_sizes:
        _refuse("--candidates names the combos already.", "leave out the sizes")
    if request.top is not None and request.candidates is None:
        _refuse("--top counts candidates.", "name their file with --candidates")


def choose_models(
    request: SearchRequest,
    recorded: Sequence[str],
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    candidates: Sequence[Sequence[str]] | None = None,
) -> ModelChoice:
    """Return which models take part.

    Parameters
    ----------
    request : SearchRequest
        What was asked for.
    recorded : sequence of str
        Models that have a record.
    groups : mapping of str to sequence of str, optional
        Models by group, if groups are used.
    candidates : sequence of sequence of str, optional
        Combos of a results file, if they are used.

    Returns
    -------
    ModelChoice
        At least two models, unless candidates name a single one.

    Raises
    ------
    UsageError
        If a model or group does not exist, or fewer than two models are left.
    MissingArtifactError
        If a candidate names a model without a record.
    """
    if candidates is not None:
        named = sorted({name for combo in candidates for name in combo})
        _refuse_unrecorded(named, recorded)
        return ModelChoice(models=tuple(named), candidates=tuple(map(tuple, candidates)))
    for name in request.models or ():
        if name not in recorded:
            raise UsageError(
                f"There is no trained model {name!r}.",
                where="--models",
                expected=f"one of {name_list(sorted(recorded))}",
                hint=_nearest(name, recorded),
            )
    known = tuple(sorted(request.models or recorded))
    if groups is None:
        _refuse_few(known)
        return ModelChoice(models=known)
    chosen, findings = _chosen_groups(request, groups, known=known)
    names = tuple(sorted(name for models in chosen.values() for name in models))
    _refuse_few(names)
    return ModelChoice(models=names, groups=chosen, findings=findings)


def list_combos(request: SearchRequest, choice: ModelChoice, *, usable: Sequence[str]) -> ComboList:
    """Return every combo of the models that can be used.

    Parameters
    ----------
    request : SearchRequest
        What was asked for.
    choice : ModelChoice
        Which models should take part.
    usable : sequence of str
        Those of them whose predictions can be used.

    Returns
    -------
    ComboList
        At least one combo.

    Raises
    ------
    UsageError
        If no combo has the sizes asked for, too few models are left, or there are too many combos.
    """
    if choice.candidates is not None:
        left = [combo for combo in choice.candidates if set(combo) <= set(usable)]
        if not left:
            _refuse("No candidate is left.", "predict the missing models again")
        return combos_of(left)
    models = tuple(name for name in choice.models if name in usable)
    _refuse_few(models)
    if choice.groups is None:
        return combos_by_size(models, _sizes(request, len(models), "models"))
    groups = {
        group: tuple(name for name in names if name in usable)
        for group, names in choice.groups.items()
    }
    groups = {group: names for group, names in groups.items() if names}
    return combos_by_group(groups, _sizes(request, len(groups), "groups"))


def _check_numbers(request: SearchRequest) -> None:
    limits = (
        ("--min-combo-size", request.min_combo_size, 1),
        ("--max-combo-size", request.max_combo_size, 0),
        ("--batch-size", request.batch_size, 1),
        ("--n-jobs", request.n_jobs, 0),
        ("--top-n", request.top_n, 1),
        ("--auto-test-top", request.auto_test_top, 0),
        ("--confirm", request.confirm, 0),
        ("--top", 1 if request.top is None else request.top, 1),
    )
    for flag, value, least in limits:
        if value < least:
            raise UsageError(
                f"{flag} is too small.", where=flag, expected=f"{least} or more", found=value
            )
    if 0 < request.max_combo_size < request.min_combo_size:
        raise UsageError(
            "The largest size of a combo is below the smallest.",
            where="--min-combo-size, --max-combo-size",
            found=f"{request.min_combo_size} and {request.max_combo_size}",
        )
    if request.cost_rate is not None and not 0 <= request.cost_rate < 1:
        raise UsageError(
            "The cost rate is not a fraction.",
            where="--cost-rate",
            expected="0 or more and below 1, such as 0.002",
            found=request.cost_rate,
        )


def _sizes(request: SearchRequest, n_parts: int, noun: str) -> range:
    if request.min_combo_size > n_parts:
        raise UsageError(
            "There are not enough models for combos of this size.",
            where="--min-combo-size",
            expected=f"at most {n_parts}, the number of {noun}",
            found=request.min_combo_size,
        )
    largest = min(request.max_combo_size or n_parts, n_parts)
    return range(request.min_combo_size, largest + 1)


def _chosen_groups(
    request: SearchRequest, groups: Mapping[str, Sequence[str]], *, known: tuple[str, ...]
) -> tuple[dict[str, tuple[str, ...]], tuple[Finding, ...]]:
    for name in request.groups or ():
        if name not in groups:
            raise UsageError(
                f"There is no group {name!r}.",
                where="--groups",
                expected=f"one of {name_list(list(groups))}",
                hint=_nearest(name, list(groups)),
            )
    wanted = request.groups or tuple(groups)
    chosen: dict[str, tuple[str, ...]] = {}
    findings = []
    for group in wanted:
        strangers = [name for name in groups[group] if name not in known]
        if strangers:
            message = f"{name_list(strangers)} of the group have no record and are left out."
            findings.append(Finding("SEA001", "warning", message, "combo_groups", group))
        models = tuple(name for name in groups[group] if name in known)
        if models:
            chosen[group] = models
        else:
            message = "No model of the group has a record, so the group is left out."
            findings.append(Finding("SEA002", "warning", message, "combo_groups", group))
    grouped = {name for group in groups.values() for name in group}
    outside = [name for name in known if name not in grouped]
    if outside:
        message = f"{name_list(outside)} belong to no group and are left out."
        findings.append(Finding("SEA003", "info", message, "combo_groups"))
    return chosen, tuple(findings)


def _refuse_unrecorded(named: list[str], recorded: Sequence[str]) -> None:
    missing = [name for name in named if name not in recorded]
    if missing:
        raise MissingArtifactError(
            "The candidates name models that have no record.",
            where="--candidates",
            found=name_list(missing),
            hint="train or predict them, or take candidates of this workspace",
        )


def _refuse_few(models: tuple[str, ...]) -> None:
    if len(models) < _FEWEST_MODELS:
        raise UsageError(
            "There is nothing to combine.",
            expected="two models or more",
            found=name_list(models),
            hint="train more models, or fuse the one: quantpits fuse --models",
        )


def _nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "check the spelling"


def _refuse(what: str, hint: str) -> None:
    raise UsageError(what, hint=hint)
