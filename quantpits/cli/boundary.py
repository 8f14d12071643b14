"""The one place that catches everything, and turns it into a message and an exit code.

==========================  =========  ======================================================
what happens                exit code  what the user sees
==========================  =========  ======================================================
the step is done            0          its report
a finding is an error       1          its report
the flags make no sense     2          what is wrong, and the nearest flag
an error of the tree        its own    what, where, expected, found, what to do
Ctrl-C                      130        nothing is half-written
the reader of stdout left   141        nothing
anything else               70         that it is a bug; the traceback with ``--verbose``
==========================  =========  ======================================================
"""

import os
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from quantpits.cli.render import error_facts, print_error, print_json
from quantpits.errors import QuantPitsError, UsageError

if TYPE_CHECKING:
    from cyclopts import CycloptsError

__all__ = ["EXIT_BUG", "EXIT_INTERRUPTED", "EXIT_NO_READER", "guarded"]

EXIT_BUG = 70
EXIT_INTERRUPTED = 130
EXIT_NO_READER = 141


def guarded(command: Callable[[], int], *, as_json: bool, is_verbose: bool) -> int:
    """Run a command and return its exit code, whatever happens.

    Parameters
    ----------
    command : callable
        Parses, runs and shows; returns an exit code.
    as_json : bool
        Whether an error is also printed as JSON on stdout.
    is_verbose : bool
        Whether a bug shows its whole traceback.

    Returns
    -------
    int
        Exit code.
    """
    from cyclopts import CycloptsError  # noqa: PLC0415 - imported with the commands already

    try:
        exit_code = command()
        sys.stdout.flush()
    except CycloptsError as error:
        return _known(_usage_error(error), as_json=as_json)
    except QuantPitsError as error:
        return _known(error, as_json=as_json)
    except KeyboardInterrupt:
        print_error("Interrupted.\n  Nothing is half-written; run the same command again.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _detach_stdout()
        return EXIT_NO_READER
    except Exception as error:  # noqa: BLE001 - the one boundary: no traceback reaches a user unasked
        return _bug(error, as_json=as_json, is_verbose=is_verbose)
    return exit_code


def _known(error: QuantPitsError, *, as_json: bool) -> int:
    print_error(str(error))
    if as_json:
        print_json({"error": error_facts(error), "exit_code": error.exit_code})
    return error.exit_code


def _usage_error(error: "CycloptsError") -> UsageError:
    """Return the parser's complaint as an error of our tree."""
    chain = error.command_chain or ()
    name = " ".join(("quantpits", *chain))
    return UsageError(str(error).strip(), hint=f"{name} --help shows what can be given")


def _bug(error: Exception, *, as_json: bool, is_verbose: bool) -> int:
    last_line = traceback.format_exception_only(error)[-1].strip()
    if is_verbose:
        sys.stderr.write("".join(traceback.format_exception(error)))
    hint = "please report it" if is_verbose else "--verbose shows where it happened"
    print_error(f"This is a bug in QuantPits: {last_line}\n  what to do: {hint}")
    if as_json:
        facts = error_facts(QuantPitsError(last_line, hint=hint))
        print_json({"error": {**facts, "type": type(error).__name__}, "exit_code": EXIT_BUG})
    return EXIT_BUG


def _detach_stdout() -> None:
    """Point stdout at nothing, so that flushing it at exit does not fail again."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
