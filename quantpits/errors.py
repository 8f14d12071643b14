"""The one error tree, and findings for what is wrong without stopping a step.

Raise when a step cannot go on; return findings when the data are wrong but a report is still
useful. Every error says what is wrong, where, what was expected, what was found and what to do, and
carries those facts as attributes. The class decides the exit code of the command::

    QuantPitsError                      70  a bug, unless a subclass says otherwise
    ├── UsageError (ValueError)          2  the command was called wrongly
    ├── ConfigError (ValueError)         2  a config file is wrong; lists every problem
    ├── WorkspaceError (OSError)         2  no workspace, or not a workspace
    │   └── WorkspaceLockedError         3  another command is writing to it
    ├── ArtifactError                    3  a file the step needs
    │   ├── MissingArtifactError (FileNotFoundError)
    │   ├── CorruptArtifactError (ValueError)
    │   └── StaleArtifactError (ValueError)
    ├── DataError (ValueError)           3  market data or arrays
    │   ├── ShapeError
    │   ├── MissingDataError
    │   └── NonFiniteError
    ├── ModelError (RuntimeError)        3  a model failed to train, load or predict
    ├── BrokerFileError (ValueError)     3  a broker export that cannot be read
    ├── LedgerError (ValueError)         4  the books would be wrong: do not trade
    │   ├── UnbalancedError
    │   ├── NegativePositionError
    │   ├── UnknownTradeTypeError
    │   └── BooksMismatchError
    └── OrderError (ValueError)          4  the orders would be wrong: do not trade
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ArtifactError",
    "BooksMismatchError",
    "BrokerFileError",
    "ConfigError",
    "ConfigProblem",
    "CorruptArtifactError",
    "DataError",
    "Finding",
    "LedgerError",
    "MissingArtifactError",
    "MissingDataError",
    "ModelError",
    "NegativePositionError",
    "NonFiniteError",
    "OrderError",
    "QuantPitsError",
    "Severity",
    "ShapeError",
    "StaleArtifactError",
    "UnbalancedError",
    "UnknownTradeTypeError",
    "UsageError",
    "WorkspaceError",
    "WorkspaceLockedError",
    "name_list",
]

Severity = Literal["info", "warning", "error"]

_NAMES_SHOWN = 5


def name_list(names: Sequence[object], *, shown: int = _NAMES_SHOWN) -> str:
    """Return `names` quoted and joined for a message, cut at `shown` with a count of the rest.

    Parameters
    ----------
    names : sequence
        What to list, in the order to show.
    shown : int
        How many to show before the count.

    Returns
    -------
    str
        For example ``"'a', 'b' and 3 more"``; ``"none"`` for an empty sequence.

    Examples
    --------
    >>> name_list(["a", "b", "c"], shown=2)
    "'a', 'b' and 1 more"
    >>> name_list([])
    'none'
    """
    if not names:
        return "none"
    text = ", ".join(repr(str(name)) for name in names[:shown])
    hidden = len(names) - shown
    return f"{text} and {hidden} more" if hidden > 0 else text


class QuantPitsError(Exception):
    """Root of every error that QuantPits raises on purpose.

    Parameters
    ----------
    what : str
        What is wrong, in one sentence.
    where : object, optional
        The file, file:row, instrument or date it was found at.
    expected, found : object, optional
        What the step needed, and what was there instead.
    hint : str, optional
        What to do about it.

    Examples
    --------
    >>> error = QuantPitsError("The lot is odd.", where="orders.csv:3", expected=100, found=150)
    >>> print(error)
    The lot is odd.
      where: orders.csv:3
      expected: 100
      found: 150
    """

    exit_code: int = 70

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        expected: object = None,
        found: object = None,
        hint: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.found = found
        self.hint = hint
        super().__init__(self._message())

    def _message(self) -> str:
        facts = (
            ("where", self.where),
            ("expected", self.expected),
            ("found", self.found),
            ("what to do", self.hint),
        )
        lines = [self.what]
        lines += [f"  {name}: {fact}" for name, fact in facts if fact is not None]
        return "\n".join(lines)

    def __str__(self) -> str:
        """Return the whole message; OSError subclasses would otherwise print their own."""
        return self._message()


class UsageError(QuantPitsError, ValueError):
    """The command was called with arguments that make no sense together."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong in a config file.

    Attributes
    ----------
    source : str
        The file, as the user names it.
    key : str
        Dotted path of the key, or ``""`` for the file as a whole.
    message : str
        What is wrong with it and what would be right.
    """

    source: str
    key: str
    message: str

    def __str__(self) -> str:
        """Return ``file: key: message``."""
        return ": ".join(part for part in (self.source, self.key, self.message) if part)


class ConfigError(QuantPitsError, ValueError):
    """One or more config files are wrong; every problem found is listed.

    Parameters
    ----------
    problems : sequence of ConfigProblem
        Everything that is wrong, in file order.
    hint : str, optional
        What to do about it.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[ConfigProblem], *, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"The configuration has {count} {noun}:\n{lines}", hint=hint)


class WorkspaceError(QuantPitsError, OSError):
    """There is no workspace where one is needed, or it cannot be used."""

    exit_code = 2


class WorkspaceLockedError(WorkspaceError):
    """Another command is writing to the workspace."""

    exit_code = 3


class ArtifactError(QuantPitsError):
    """A file that the step needs is not usable."""

    exit_code = 3


class MissingArtifactError(ArtifactError, FileNotFoundError):
    """A file that the step needs does not exist."""


class CorruptArtifactError(ArtifactError, ValueError):
    """A file exists but its content is not what its schema says."""


class StaleArtifactError(ArtifactError, ValueError):
    """A file is older than the step may use."""


class DataError(QuantPitsError, ValueError):
    """Market data or an array is wrong."""

    exit_code = 3


class ShapeError(DataError):
    """Two arrays that must fit do not."""


class MissingDataError(DataError):
    """Market data for a date, instrument or field do not exist."""


class NonFiniteError(DataError):
    """A number that must be finite is NaN or infinite."""


class ModelError(QuantPitsError, RuntimeError):
    """A model cannot be trained, loaded or asked for predictions."""

    exit_code = 3


class BrokerFileError(QuantPitsError, ValueError):
    """A broker export cannot be read."""

    exit_code = 3


class LedgerError(QuantPitsError, ValueError):
    """The books would be wrong: do not trade."""

    exit_code = 4


class UnbalancedError(LedgerError):
    """The postings of an entry do not sum to zero."""


class NegativePositionError(LedgerError):
    """A sale of more than is held, or cash below zero."""


class UnknownTradeTypeError(LedgerError):
    """A line of the broker export has a type without a declared effect."""


class BooksMismatchError(LedgerError):
    """The books differ from the broker's balance, a projection or a file imported before."""


class OrderError(QuantPitsError, ValueError):
    """The orders would be wrong: do not trade."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about, that does not stop the step.

    Attributes
    ----------
    code : str
        Stable code, three letters and three digits, such as ``"LED003"``.
    severity : {"info", "warning", "error"}
        A finding of severity ``"error"`` makes the command exit with 1.
    message : str
        What was found and what it means.
    source : str
        The file or check it comes from.
    subject : str
        The instrument, date or model it is about.
    """

    code: str
    severity: Severity
    message: str
    source: str = ""
    subject: str = ""
