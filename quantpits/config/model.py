"""``config/model_config.json``: date windows, universe and frequency of training and prediction."""

from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from quantpits.config.base import (
    ConfigFile,
    Flag,
    Integer,
    IsoDate,
    Number,
    OptionalDate,
    Problem,
    StrictModel,
    problems_error,
)

__all__ = ["ModelConfig", "PurgedCv"]

_EARLIEST = date(2008, 1, 1)


class PurgedCv(StrictModel):
    """Combinatorial purged cross-validation."""

    n_groups: Integer = Field(ge=2, description="Groups the span is cut into [count]")
    n_test_groups: Integer = Field(ge=1, description="Groups held out at a time [count]")
    n_val_groups: Integer = Field(default=1, ge=0, description="Groups for validation [count]")
    purge_steps: Integer = Field(default=0, ge=0, description="Gap before a test group [sessions]")
    embargo_steps: Integer = Field(default=0, ge=0, description="Gap after a test group [sessions]")


class ModelConfig(ConfigFile):
    """Parameters of training and prediction.

    Notes
    -----
    In ``slide`` mode the windows count back from the anchor; in any other mode the dates are taken
    as written.
    """

    file_names: ClassVar[tuple[str, ...]] = ("model_config.json",)

    train_date_mode: str = Field(
        default="last_trade_date",
        description="'last_trade_date': the anchor is the last session; else current_date [word]",
    )
    current_date: OptionalDate = Field(
        default=None, description="Anchor when train_date_mode is not 'last_trade_date' [date]"
    )
    data_slice_mode: str = Field(
        default="slide", description="'slide': windows below; else the fixed dates below [word]"
    )
    train_set_windows: Number = Field(default=8, gt=0, le=100, description="Training span [years]")
    valid_set_window: Number = Field(default=2, gt=0, le=100, description="Validation span [years]")
    test_set_window: Number = Field(default=3, gt=0, le=100, description="Test span [years]")
    market: str = Field(min_length=1, description="Universe [name of a file in instruments/]")
    benchmark: str = Field(min_length=1, description="Benchmark index [instrument]")
    topk: Integer = Field(default=20, ge=1, alias="TopK", description="Names to hold [count]")
    n_drop: Integer = Field(
        default=3, ge=0, alias="DropN", description="Names exchanged per rebalancing [count]"
    )
    freq: Literal["week", "day"] = Field(default="week", description="Rebalancing [week or day]")
    purge: Flag = Field(
        default=True,
        description="Keep the label's horizon free between train, valid and test [true or false]",
    )
    seed: Integer = Field(default=0, ge=0, lt=2**32, description="Seed of every model [integer]")
    feature_cache: Flag = Field(
        default=True,
        description="Keep computed features in data/features/ for the next run [true or false]",
    )

    start_time: IsoDate = Field(default=_EARLIEST, description="Fixed: first day of data [date]")
    fit_start_time: IsoDate = Field(default=_EARLIEST, description="Fixed: train start [date]")
    fit_end_time: OptionalDate = Field(default=None, description="Fixed: train end [date]")
    valid_start_time: OptionalDate = Field(default=None, description="Fixed: valid start [date]")
    valid_end_time: OptionalDate = Field(default=None, description="Fixed: valid end [date]")
    test_start_time: OptionalDate = Field(default=None, description="Fixed: test start [date]")
    test_end_time: OptionalDate = Field(default=None, description="Fixed: test end [date]")
    purged_cv: PurgedCv | None = Field(default=None, description="Cross-validation [mapping]")

    backtest_start_time: OptionalDate = Field(default=None, description="Accepted, unused [date]")
    backtest_end_time: OptionalDate = Field(default=None, description="Accepted, unused [date]")
    experiment_name_prefix: str | None = Field(default=None, description="Accepted, unused [text]")

    @property
    def is_sliding(self) -> bool:
        """Whether the windows count back from the anchor."""
        return self.data_slice_mode == "slide"

    @property
    def is_anchored_to_last_session(self) -> bool:
        """Whether the anchor is the last session of the market's calendar."""
        return self.train_date_mode == "last_trade_date"

    @model_validator(mode="after")
    def _check_dates(self) -> Self:
        problems: list[Problem] = []
        if not self.is_anchored_to_last_session and self.current_date is None:
            problems.append(
                (("current_date",), f"train_date_mode {self.train_date_mode!r} needs this date")
            )
        if not self.is_sliding:
            problems += self._fixed_date_problems()
        if problems:
            raise problems_error("ModelConfig", problems)
        return self

    def _fixed_date_problems(self) -> list[Problem]:
        order = (
            "start_time",
            "fit_start_time",
            "fit_end_time",
            "valid_start_time",
            "valid_end_time",
            "test_start_time",
            "test_end_time",
        )
        problems: list[Problem] = []
        earlier: tuple[str, date] | None = None
        for key in order:
            day: date | None = getattr(self, key)
            if day is None:
                problems.append(
                    ((key,), f"data_slice_mode {self.data_slice_mode!r} needs this date")
                )
                continue
            if earlier is not None and _is_misplaced(key, day, earlier[1]):
                problems.append(((key,), f"{day} should come after {earlier[0]} {earlier[1]}"))
            earlier = (key, day)
        return problems


def _is_misplaced(key: str, day: date, earlier: date) -> bool:
    # A segment starts after the one before it; within a segment start and end may be the same day.
    starts_segment = key in {"valid_start_time", "test_start_time"}
    return day <= earlier if starts_segment else day < earlier
