"""The door to code we did not write: model classes, processors, and what they raise and print.

Whatever such code raises becomes a `ModelError` that names the model, so that one failing model can
be reported while the others go on. What it prints is kept for the run instead of disturbing the
command's output. It computes its matrix products and decompositions on one thread, because BLAS
rounds by their number, and least squares on features that nearly repeat each other make a
difference of such last digits that is larger than the one between two models.
"""

from __future__ import annotations

import difflib
import errno
import functools
import tempfile
import traceback
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from quantpits.errors import ModelError, QuantPitsError
from quantpits.modeling.printed import captured_output

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

__all__ = ["captured_output", "foreign_code", "load_class", "loadable"]

_INSTALL_TORCH = "install the neural-network extra: pip install 'quantpits[nn]'"
_EMPTY_VALIDATION = (
    "no validation loss was ever computed: the validation window has fewer rows than batch_size,"
    " or every loss was NaN; lower batch_size or n_epochs, or lengthen valid_set_window"
)

# Where Qlib looks a class up.
_LOADER = "qlib/utils/mod.py"
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Kind of exception, part of its text, and what to do.
_HINTS: tuple[tuple[type[BaseException], str, str], ...] = (
    (TypeError, "unexpected keyword argument", "correct the kwargs in the workflow file"),
    (TypeError, "required positional argument", "complete the kwargs in the workflow file"),
    (FileNotFoundError, ".py", "correct its module_path in the workflow file"),
    (SyntaxError, "", "correct the file it names"),
    (MemoryError, "", "free memory, shorten the windows, or lower batch_size"),
    (SystemExit, "", "its code ends the program; let it raise an error that says why"),
    (
        ValueError,
        "Empty data from dataset",
        "see that the universe has members in the training window, and that processors leave rows",
    ),
)


class foreign_code:  # noqa: N801 - reads as a statement: with foreign_code(...)
    """Turn whatever the body raises into a `ModelError` about one model; keep BLAS to one thread.

    Parameters
    ----------
    model : str
        Name in the registry.
    doing : str
        What the body does, such as ``"training"``.
    where : str, optional
        What the body is about, if that says more than the line of code that failed.

    Raises
    ------
    ModelError
        From any exception of the body except this program's own and Ctrl+C, which pass unchanged.
        A model that ends the program has failed too: the others still have their turn.
    """

    def __init__(self, model: str, doing: str, *, where: str | None = None) -> None:
        self.model = model
        self.doing = doing
        self.where = where

    def __enter__(self) -> None:
        self._limit = threadpool_limits(limits=1, user_api="blas")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._limit.restore_original_limits()
        if not isinstance(error, (Exception, SystemExit)) or isinstance(error, QuantPitsError):
            return
        text = " ".join(str(error).split()) or "no message"
        raise ModelError(
            f"The model {self.model!r} failed while {self.doing}.",
            where=self.where or _innermost(error),
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

    name, module = description.get("class"), description.get("module_path")
    where = f"its workflow file: class {name}" + (f", module_path {module}" if module else "")
    with foreign_code(model, "loading its class", where=where), captured_output():
        found, _ = get_callable_kwargs(loadable(description))
        if not isinstance(found, type):
            # Qlib sets the name to None when a library that the class needs is missing.
            message = f"{name} cannot be loaded, a library it needs is missing"
            raise ModuleNotFoundError(message)
    return found


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


def _innermost(error: BaseException) -> str:
    """Return file and line of the innermost frame."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _hint(error: BaseException) -> str | None:
    """Return what to do about the causes that users meet."""
    if isinstance(error, ModuleNotFoundError):
        if error.name == "torch":
            return _INSTALL_TORCH
        library = error.name or "see the cause"
        return f"install the library that the model needs ({library}), or correct its module_path"
    if isinstance(error, UnboundLocalError) and "best_param" in str(error):
        return _EMPTY_VALIDATION
    if isinstance(error, AttributeError) and _innermost(error).partition(":")[0].endswith(_LOADER):
        near = difflib.get_close_matches(str(error.name), dir(error.obj), n=3)
        suggestion = f": did you mean {', '.join(near)}?" if near else ""
        return f"correct the class or its module_path in the workflow file{suggestion}"
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        folder = tempfile.gettempdir()
        return f"free space; what models write while they train lies in {folder} (see TMPDIR)"
    return next((hint for kind, sign, hint in _HINTS if _is(error, kind, sign)), None)


def _is(error: BaseException, kind: type[BaseException], sign: str) -> bool:
    return isinstance(error, kind) and sign in str(error)
