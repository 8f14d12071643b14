"""Simulate every combination of models exactly and rank them: `quantpits search fast`."""

import os
import sys

if __package__ in {None, ""}:  # started as a file: this folder would shadow the standard library
    here = os.path.dirname(os.path.realpath(__file__))
    beside = [path for path in sys.path if os.path.realpath(path) != here]
    sys.path[:] = [os.path.dirname(os.path.dirname(here)), *beside]

from quantpits.cli import app

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command with `argv`, else the arguments of the process; return its exit code."""
    return app.main(argv, command="search fast")


if __name__ == "__main__":
    raise SystemExit(main())
