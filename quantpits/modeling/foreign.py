"""The door to code we did not write: model classes, processors, and what they raise and print.

Whatever such code raises becomes a `ModelError` that names the model, so that one failing model can
be reported while the others go on. What it prints is kept for the run instead of disturbing the
command's output.
"""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import traceback
import warnings
from typing import TYPE_CHECKING, Any

from quantpits.errors import ModelError, QuantPitsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType, TracebackType

__all__ = ["captured_output", "foreign_code", "load_class", "loadable"]

_INSTALL_TORCH = "install the neural-network extra: pip install 'quantpits[nn]'"
_EMPTY_VALIDATION = (
    "no validation loss was ever computed: the validation window has fewer rows than batch_size,"
    " or every loss was NaN; lower batch_size or n_epochs, or lengthen valid_set_window"
)


class foreign_code:  # noqa: N801 - reads as a statement: with foreign_code(...)
    """Turn whatever the body raises into a `ModelError` about one model.

    Parameters
    ----------
    model : str
        Name in the registry.
    doing : str
        What the body does, such as ``"training"``.

    Raises
    ------
    ModelError
        From any exception of the body except this program's own, which pass unchanged, and requests
        to stop.
    """

    def __init__(self, model: str, doing: str) -> None:
        self.model = model
        self.doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if not isinstance(error, Exception) or isinstance(error, QuantPitsError):
            return
        text = " ".join(str(error).split()) or "no message"
        raise ModelError(
            f"The model {self.model!r} failed while {self.doing}.",
            where=_innermost(error),
            found=f"{type(error).__name__}: {text[:500]}",
            hint=_hint(error),
        ) from error


def load_class(description: dict[str, Any], model: str) -> type[Any]:
    """Return the class that a Qlib description names, importing its module.

    Parameters
    ----------
    description : dict
        ``class`` and ``module_path``, or a dotted ``class``.
    model : str
        Name in the registry, for messages.

    Returns
    -------
    type
        The class.

    Raises
    ------
    ModelError
        If the module or the class does not exist, or a library it needs is not installed.
    """
    from qlib.utils.mod import get_callable_kwargs  # noqa: PLC0415 - heavy

    with foreign_code(model, "loading its class"), captured_output():
        found, _ = get_callable_kwargs(loadable(description))
        if not isinstance(found, type):
            # Qlib sets the name to None when a library that the class needs is missing.
            message = f"{description.get('class')} cannot be loaded, a library it needs is missing"
            raise ModuleNotFoundError(message)
    return found


@contextlib.contextmanager
def captured_output() -> Iterator[io.StringIO]:
    """Keep what the body prints, warns about or logs below an error off the terminal.

    Yields
    ------
    StringIO
        What was printed to standard output.

    Notes
    -----
    Standard error stays as it is, because the command's own progress is drawn there.
    """
    kept = io.StringIO()
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            contextlib.redirect_stdout(kept),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield kept
    finally:
        logging.disable(previous)


def loadable(description: Any) -> Any:
    """Return a description in which modules given by their file are loaded.

    Parameters
    ----------
    description : object
        Nested mappings, lists and values; ``module_path`` ending in ``.py`` is looked for.

    Returns
    -------
    object
        A copy that Qlib takes. Qlib itself would run such a file anew for each class it names, and
        pickles of the earlier classes would not load.
    """
    if isinstance(description, dict):
        return {
            key: _module(value) if key == "module_path" and _is_file(value) else loadable(value)
            for key, value in description.items()
        }
    if isinstance(description, list):
        return [loadable(item) for item in description]
    return description


def _is_file(value: object) -> bool:
    return isinstance(value, str) and value.endswith(".py")


@functools.cache
def _module(path: str) -> ModuleType:
    from qlib.utils.mod import get_module_by_module_path  # noqa: PLC0415 - heavy

    module: ModuleType = get_module_by_module_path(path)
    return module


def _innermost(error: Exception) -> str:
    """Return file and line of the innermost frame."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _hint(error: Exception) -> str | None:
    if isinstance(error, ModuleNotFoundError):
        if error.name == "torch":
            return _INSTALL_TORCH
        return f"install the library that the model needs ({error.name or 'see the cause'})"
    if isinstance(error, UnboundLocalError) and "best_param" in str(error):
        return _EMPTY_VALIDATION
    return None
