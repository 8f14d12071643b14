"""`quantpits data`: the market data of a workspace."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.types import PositiveFloat

from quantpits.cli.execute import Plan, execute, execute_outside
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, NameList, values_of
from quantpits.errors import UsageError

if TYPE_CHECKING:
    from quantpits.cli.market_info import MarketInfoReport
    from quantpits.market import SyntheticReport
    from quantpits.market.importer_request import ImportReport
    from quantpits.workspace import Progress, Workspace

__all__ = ["ImportFlags", "columns_from", "data_import", "data_info", "data_synthetic"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFlags:
    """How to read the files; each field is the flag of its name."""

    columns: Annotated[
        NameList,
        Parameter(
            help="Columns that have other names in the files, such as symbol=ticker,volume=vol. "
            "Needed are symbol, date, open, high, low, close, volume; used are also amount, vwap, "
            "factor, suspended, is_st."
        ),
    ] = ()
    region: Annotated[Literal["cn", "us"], Parameter(help="Whose codes, rules and calendar.")] = (
        "cn"
    )
    volume_unit: Annotated[
        PositiveFloat, Parameter(help="Shares in one unit of volume; 100 if it counts lots.")
    ] = 1.0
    amount_unit: Annotated[
        PositiveFloat, Parameter(help="CNY in one unit of amount; 1000 if it counts thousands.")
    ] = 1.0
    adjusted: Annotated[bool, Parameter(help="Prices in the files are adjusted already.")] = False
    universe: Annotated[str, Parameter(help="Name of the universe of all instruments.")] = "all"
    indices: Annotated[
        NameList, Parameter(help="Codes that are indices, if it does not show.")
    ] = ()
    benchmark: Annotated[
        str | None,
        Parameter(help="Code of the benchmark [default: SH000300, else the first index]."),
    ] = None


_DEFAULTS = ImportFlags()


def data_import(
    files: Annotated[tuple[Path, ...], Parameter(help="CSV or Parquet files.")],
    /,
    *,
    target: Annotated[Path, Parameter(help="The market folder to make or to replace.")],
    flags: ImportFlags = _DEFAULTS,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Turn CSV or Parquet files into market data in Qlib's format.

    The files hold one row for each instrument and session; together they are the whole market. Name
    the folder as `provider_uri` in `config/market.yaml`, or in the variable `QLIB_DATA_DIR`.
    """

    def run(progress: "Progress") -> "ImportReport":
        from quantpits.market.importer import import_bars  # noqa: PLC0415 - keeps --help quick
        from quantpits.market.importer_request import ImportRequest  # noqa: PLC0415 - likewise

        facts = {**values_of(flags), "columns": columns_from(flags.columns)}
        request = ImportRequest(files=files, target=target, dry_run=dry_run, **facts)
        return import_bars(request, progress=progress)

    return execute_outside(common, f"import {len(files)} files into {target}", run=run)


def data_synthetic(
    *,
    through: Annotated[
        date | None, Parameter(help="Last day of data [default: that of config/market.yaml].")
    ] = None,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Make the workspace's synthetic market, or move it forward.

    Its prices are made by the program and are nobody's real prices. The market through one date is
    the beginning of the market through any later date.
    """

    def step(workspace: "Workspace", _progress: "Progress") -> "SyntheticReport":
        from quantpits.cli.market_info import synthetic_through  # noqa: PLC0415 - keeps --help quick
        from quantpits.market import advance_synthetic  # noqa: PLC0415 - likewise

        day = through or synthetic_through(workspace)
        return advance_synthetic(workspace, day, dry_run=dry_run)

    until = f" through {through}" if through else ""
    text = f"make the synthetic market{until}"
    return execute(
        common, Plan(command="data synthetic", text=text, is_writing=not dry_run), step=step
    )


def data_info(*, common: Common = COMMON_DEFAULTS) -> int:
    """Describe the market data of the workspace."""

    def step(workspace: "Workspace", _progress: "Progress") -> "MarketInfoReport":
        from quantpits.cli.market_info import describe_market  # noqa: PLC0415 - keeps --help quick

        return describe_market(workspace)

    plan = Plan(command="data info", text="describe the market data", is_writing=False)
    return execute(common, plan, step=step)


def columns_from(items: tuple[str, ...]) -> dict[str, str]:
    """Return column names from items such as ``"volume=vol"``.

    Parameters
    ----------
    items : tuple of str
        Our name, an equals sign, the name in the files.

    Returns
    -------
    dict of str to str
        Our name to that in the files.

    Raises
    ------
    UsageError
        If an item is anything else, or names a column a second time.
    """
    columns: dict[str, str] = {}
    for item in items:
        ours, equals, theirs = (part.strip() for part in item.partition("="))
        if not (ours and equals and theirs) or ours in columns:
            raise UsageError(
                "A column of the files is not named clearly.",
                where="--columns",
                expected="each of our columns once, such as volume=vol",
                found=repr(item),
            )
        columns[ours] = theirs
    return columns
