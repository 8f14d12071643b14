"""``config/market.yaml``: where a workspace's prices come from. The file is optional."""

from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from quantpits.config.base import ConfigFile, Integer, IsoDate, Problem, StrictModel, problems_error

__all__ = ["MarketConfig", "SyntheticConfig"]

SYNTHETIC_SEED = 20200101


def _as_path(value: object) -> object:
    # pydantic would take "" for the current folder.
    return None if value == "" else Path(value) if isinstance(value, str) else value


class SyntheticConfig(StrictModel):
    """Parameters of the synthetic market."""

    seed: Integer = Field(
        default=SYNTHETIC_SEED, ge=0, lt=2**63, description="Seed of the generator [integer]"
    )
    through: IsoDate = Field(default=date(2026, 11, 6), description="Last day of data [date]")


class MarketConfig(ConfigFile):
    """Source of market data.

    Notes
    -----
    Without the file, the provider is Qlib and both `provider_uri` and `region` are None: the
    environment variables ``QLIB_DATA_DIR`` and ``QLIB_REGION`` decide, then
    ``~/.qlib/qlib_data/cn_data`` and ``cn``.
    """

    file_names: ClassVar[tuple[str, ...]] = ("market.yaml",)
    is_required: ClassVar[bool] = False

    provider: Literal["qlib", "synthetic"] = Field(
        default="qlib", description="Real data in Qlib's format, or the program's own [word]"
    )
    provider_uri: Annotated[Path | None, BeforeValidator(_as_path)] = Field(
        default=None,
        description="Qlib data folder; ~ and paths relative to the workspace work [path]",
    )
    region: Literal["cn", "us"] | None = Field(default=None, description="Trading rules [cn or us]")
    synthetic: SyntheticConfig = Field(
        default_factory=SyntheticConfig, description="Only for provider 'synthetic' [mapping]"
    )

    @property
    def is_synthetic(self) -> bool:
        """Whether the program makes the market itself."""
        return self.provider == "synthetic"

    @model_validator(mode="after")
    def _check_provider(self) -> Self:
        problems: list[Problem] = []
        if self.is_synthetic and self.provider_uri is not None:
            problems.append((("provider_uri",), "the synthetic market lies in the workspace"))
        if self.is_synthetic and self.region == "us":
            problems.append((("region",), "the synthetic market follows the rules of 'cn'"))
        if problems:
            raise problems_error("MarketConfig", problems)
        return self
