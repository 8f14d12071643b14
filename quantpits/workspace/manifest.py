"""Manifests: what a run read, with which settings and versions, and what it wrote.

A manifest has no time in it, so the same run on the same inputs gives the same bytes.
"""

import dataclasses
import json
import numbers
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from quantpits import __version__
from quantpits.errors import ArtifactError, CorruptArtifactError, MissingArtifactError
from quantpits.workspace import atomic
from quantpits.workspace.paths import Workspace

__all__ = ["Manifest", "library_versions", "read_manifest", "to_jsonable", "write_manifest"]

_SCHEMA_VERSION = 1
_LIBRARIES = ("catboost", "lightgbm", "mlflow", "numpy", "pandas", "pyqlib", "torch")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One run.

    Attributes
    ----------
    name : str
        Name of the run, also that of its file.
    inputs : mapping of str to str
        SHA-256 or another fingerprint of each input.
    outputs : mapping of str to str
        SHA-256 of each file that was written, by path relative to the workspace.
    config : mapping
        Resolved settings, the seed among them.
    extra : mapping
        Facts of this kind of run.
    versions : mapping of str to str
        Versions of Python, QuantPits and the libraries that shape numbers.
    """

    name: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    config: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def write_manifest(
    workspace: Workspace,
    name: str,
    *,
    inputs: Mapping[str, Path | str],
    outputs: Iterable[Path],
    config: object = None,
    extra: object = None,
) -> Path:
    """Write ``output/manifests/<name>.json``.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    name : str
        Name of the run, such as ``"fusion_2026-02-06"``.
    inputs : mapping of str to Path or str
        Files to hash, or fingerprints made elsewhere, by name.
    outputs : iterable of Path
        Files that the run wrote.
    config, extra : object
        Mappings, models or dataclasses; see `to_jsonable`.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    ArtifactError
        If an input or output cannot be read, or the manifest cannot be written.
    """
    document = {
        "schema_version": _SCHEMA_VERSION,
        "name": name,
        "inputs": {
            key: atomic.sha256_file(value) if isinstance(value, Path) else value
            for key, value in inputs.items()
        },
        "outputs": {workspace.relative(path): atomic.sha256_file(path) for path in outputs},
        "config": to_jsonable(config or {}),
        "extra": to_jsonable(extra or {}),
        "versions": library_versions(),
    }
    path = workspace.manifests_dir / f"{name}.json"
    atomic.write_json(path, document, sort_keys=True)
    return path


def read_manifest(workspace: Workspace, name: str) -> Manifest:
    """Read a manifest back.

    Parameters
    ----------
    workspace : Workspace
        Where to read.
    name : str
        Name of the run.

    Returns
    -------
    Manifest
        Its content.

    Raises
    ------
    MissingArtifactError
        If there is none.
    CorruptArtifactError
        If the file is not a manifest.
    """
    path = workspace.manifests_dir / f"{name}.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("schema_version") != _SCHEMA_VERSION:
            raise CorruptArtifactError(
                "The manifest has another schema.", where=path, expected=_SCHEMA_VERSION
            )
        return Manifest(**document)
    except FileNotFoundError as error:
        raise MissingArtifactError("There is no such manifest.", where=path) from error
    except OSError as error:
        raise ArtifactError("A file cannot be read.", where=path, found=error.strerror) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CorruptArtifactError("This is not a manifest.", where=path, found=error) from error


def library_versions() -> dict[str, str]:
    """Return the versions that can change a number.

    Returns
    -------
    dict of str to str
        By name; libraries that are not installed are left out. Nothing is imported.
    """
    versions = {"python": platform.python_version(), "quantpits": __version__}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def to_jsonable(value: object) -> Any:
    """Return `value` as JSON can hold it.

    Parameters
    ----------
    value : object
        Config models, dataclasses, mappings, sequences, sets, dates, decimals, paths, and plain
        values.

    Returns
    -------
    Any
        Mappings with text keys, lists, text, numbers, bool and None. Dates are ISO text, decimals
        their own text, sets are sorted.

    Examples
    --------
    >>> to_jsonable({date(2026, 2, 6): (Decimal("0.10"), Path("a"))})
    {'2026-02-06': ['0.10', 'a']}
    """
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: to_jsonable(getattr(value, item.name)) for item in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {_key(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(to_jsonable(item) for item in value)
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    return _scalar(value)


def _scalar(value: object) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | Path):
        return str(value)
    if isinstance(value, numbers.Integral):  # NumPy's are not int, and JSON does not know them
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


def _key(key: object) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)
