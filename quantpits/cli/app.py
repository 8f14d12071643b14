"""The command ``quantpits`` and its subcommands.

The subcommands are named here and loaded when they are asked for, so that help answers at once.
"""

import sys
from collections.abc import Sequence

from cyclopts import App, Group, Parameter

from quantpits import __version__
from quantpits.cli.boundary import guarded

__all__ = ["COMMANDS", "command_line", "main"]

_ROUTINE = Group("The routine loop", sort_key=1)
_SETUP = Group("Workspaces, market and books", sort_key=2)

_OTHER = Group("Other", sort_key=3)

COMMANDS: tuple[tuple[str, Group, str], ...] = (
    ("train", _ROUTINE, "Train every enabled model, predict with it and publish both."),
    (
        "incremental-train",
        _ROUTINE,
        "Train some models and merge them into the records of the others.",
    ),
    (
        "walk-forward",
        _ROUTINE,
        "Train models again and again on their past, and publish the stitched prediction.",
    ),
    (
        "tune",
        _ROUTINE,
        "Look for better arguments of a model, and write the best as a new workflow.",
    ),
    (
        "evaluate",
        _ROUTINE,
        "Fit a model on purged splits of its past and show how its IC depends on them.",
    ),
    ("predict", _ROUTINE, "Predict with models that were trained before; train nothing."),
    ("monitor", _ROUTINE, "Show how the models fare, and since when."),
    ("search fast", _ROUTINE, "Simulate every combination of models exactly and rank them."),
    (
        "search ensemble",
        _ROUTINE,
        "Simulate combinations exactly and confirm the best with Qlib's own backtest.",
    ),
    ("search promote", _ROUTINE, "Make a row of a search a combo of the configuration."),
    ("fuse", _ROUTINE, "Fuse the scores of several models into one prediction, and backtest it."),
    (
        "post-trade",
        _ROUTINE,
        "Book the broker's settlement files; update cash and holdings.",
    ),
    ("orders", _ROUTINE, "Write the next session's orders."),
    ("opinions", _ROUTINE, "Draw what every combo and model would do with the book."),
    ("rank", _ROUTINE, "Write the Top N ranking of a prediction."),
    ("run", _ROUTINE, "Run the whole loop, from where an earlier run of it stopped."),
    (
        "check-workflow",
        _SETUP,
        "Check the workflow files against the trading frequency, and mend them.",
    ),
    ("init", _SETUP, "Make a new workspace with the configuration of another one."),
    ("demo", _SETUP, "Show the whole loop in a scratch workspace on a synthetic market."),
    ("paper", _SETUP, "Settle past orders on paper, as a broker would."),
    ("divergence", _SETUP, "Tell why the account differs from its orders."),
    ("data import", _SETUP, "Turn CSV or Parquet files into market data in Qlib's format."),
    ("data synthetic", _SETUP, "Make the workspace's synthetic market, or move it forward."),
    ("data info", _SETUP, "Describe the market data of the workspace."),
    ("mlflow ui", _SETUP, "Open MLflow's own pages on the workspace's runs."),
    ("ledger check", _SETUP, "Check the books and every file that is made from them."),
    ("ledger show", _SETUP, "Show what the books say: cash, holdings, and how far they go."),
    ("ledger open", _SETUP, "Open the books with the state of an earlier system."),
    (
        "ledger adopt",
        _SETUP,
        "Post the difference between prod_config.json and the books as an adjustment.",
    ),
    (
        "ledger correct",
        _SETUP,
        "Take back what was booked wrongly, by name, and post what is right.",
    ),
    (
        "ledger rebuild",
        _SETUP,
        "Make the ledger and every file of it again from the raw exports.",
    ),
)
"""Every subcommand in the order of the help page: name, group, and the first line of its help."""

_LEADING = {"--workspace": 2, "--json": 1, "--quiet": 1, "--verbose": 1}
"""Flags that may stand before the command, with the number of tokens of each."""

_FOLDERS = {
    "data": "Make, import and describe market data.",
    "ledger": "Look at the books, and put them right.",
    "mlflow": "Look at the runs with MLflow.",
    "search": "Find the combination of models to trade.",
}


def main(argv: list[str] | None = None, *, command: str | None = None) -> int:
    """Run a command and return its exit code; never raises.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process by default.
    command : str, optional
        The subcommand, if `argv` does not start with it, as in a script that stands for one
        command.

    Returns
    -------
    int
        0 done, 1 done with findings that are errors, 2 usage or configuration, 3 missing, stale or
        corrupt input, 4 books or orders would be wrong, 70 a bug, 130 interrupted.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    tokens = _command_first([*(command or "").split(), *arguments])

    def run() -> int:
        exit_code = command_line(tokens)(tokens)
        return exit_code if isinstance(exit_code, int) else 0  # None from --help and --version

    return guarded(run, as_json="--json" in tokens, is_verbose="--verbose" in tokens)


def command_line(tokens: Sequence[str] = ()) -> App:
    """Return the parser of every command, with nothing loaded yet.

    Parameters
    ----------
    tokens : sequence of str
        What will be parsed; the command that they start with shows its whole help, others one line.

    Returns
    -------
    cyclopts.App
        Call it with `tokens`.
    """
    app = App(
        name="quantpits",
        help="From trained Qlib models to tomorrow's orders and honest books.",
        version=__version__,
        help_format="markdown",
        default_parameter=Parameter(negative=(), show_default=_shown_default),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    for flag in ("--help", "--version"):
        app[flag].group = _OTHER
    folders: dict[str, App] = {}
    for position, (name, group, first_line) in enumerate(COMMANDS):
        folder, _, verb = name.rpartition(" ")
        if folder and folder not in folders:
            help_text = _FOLDERS[folder]
            folders[folder] = App(name=folder, help=help_text, group=group, sort_key=position)
            app.command(folders[folder])
        parent = folders.get(folder, app)
        is_asked = list(tokens[: name.count(" ") + 1]) == name.split()
        parent.command(
            target_of(name),
            name=verb,
            sort_key=position,
            group=None if folder else group,
            help=None if is_asked else first_line,  # None: the docstring, which means loading it
        )
    return app


def target_of(name: str) -> str:
    """Return where the function of a subcommand is, as ``"module:function"``.

    Examples
    --------
    >>> target_of("post-trade")
    'quantpits.cli.post_trade:post_trade'
    >>> target_of("data import")
    'quantpits.cli.data:data_import'
    """
    module = name.partition(" ")[0].replace("-", "_")
    function = name.replace("-", "_").replace(" ", "_")
    return f"quantpits.cli.{module}:{function}"


def _command_first(tokens: list[str]) -> list[str]:
    """Return `tokens` with the flags that stand before the command moved behind it.

    Examples
    --------
    >>> _command_first(["--workspace", "W", "--json", "fuse", "--from-config"])
    ['fuse', '--from-config', '--workspace', 'W', '--json']
    """
    position = 0
    while tokens[position : position + 1] and tokens[position] in _LEADING:
        position += _LEADING[tokens[position]]
    return [*tokens[position:], *tokens[:position]]


def _shown_default(default: object) -> str | None:
    """Return a default worth showing: not that of a switch, nor an empty one."""
    return str(default) if default else None
