"""Writes `docs/cli.md`: the help of every command, as it is printed.

Run it after a change of flags or help texts::

    python -m quantpits.cli.reference

The text depends on nothing but the commands: not on the terminal, its width or its colours.
"""

import io
import sys
from pathlib import Path

import quantpits
from quantpits.cli.app import COMMANDS, command_line

__all__ = ["main", "reference_text"]

_WIDTH = 88
_TITLE = """\
# Commands

One command, `quantpits`, with a subcommand for each step; the scripts of `engine/scripts` are the
same commands under their documented names. Results go to stdout, everything else to stderr. Lists
of models take commas, spaces or both.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | done, and a finding is an error |
| 2 | wrong usage or configuration |
| 3 | an input is missing, stale or corrupt, or another command is writing |
| 4 | the books or the orders would be wrong: do not trade |
| 70 | a bug |
| 130 | interrupted; nothing is half-written |

This page is made by `python -m quantpits.cli.reference` from the help of the commands.
"""


def reference_text() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown: the help page, then one section for each command.
    """
    sections = [_TITLE, _section("quantpits", ())]
    sections += [_section(f"quantpits {name}", tuple(name.split())) for name, _, _ in COMMANDS]
    return "\n".join(sections)


def main(target: Path | None = None) -> int:
    """Write the page and return 0.

    Parameters
    ----------
    target : Path, optional
        Where to; `docs/cli.md` of the checkout by default.
    """
    from quantpits.workspace import write_text  # noqa: PLC0415 - keeps --help quick

    path = target or Path(quantpits.__file__).parents[1] / "docs" / "cli.md"
    changed = write_text(path, reference_text())
    sys.stderr.write(f"{path} {'written' if changed else 'unchanged'}\n")
    return 0


def _section(title: str, tokens: tuple[str, ...]) -> str:
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick

    page = io.StringIO()
    console = Console(
        file=page, width=_WIDTH, color_system=None, force_terminal=False, legacy_windows=False
    )
    command_line(tokens).help_print(tokens, console=console)
    lines = [line.rstrip() for line in page.getvalue().strip().splitlines()]
    return "\n".join([f"## {title}", "", "```text", *lines, "```", ""])


if __name__ == "__main__":
    raise SystemExit(main())
