"""What a market folder says about itself: ``market.json`` and ``names.csv``, unknown to Qlib."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from quantpits.errors import CorruptArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = [
    "METADATA_FILE",
    "NAMES_FILE",
    "MarketMetadata",
    "encode_metadata",
    "encode_names",
    "read_metadata",
    "read_names",
]

METADATA_FILE = "market.json"
NAMES_FILE = "names.csv"

_KINDS: dict[str, Literal["synthetic", "imported"]] = {
    "synthetic": "synthetic",
    "imported": "imported",
}
_NAMES_HEADER = ("instrument", "name", "name_en")


@dataclass(frozen=True, slots=True)
class MarketMetadata:
    """What a market folder says about itself.

    Attributes
    ----------
    kind : {"synthetic", "imported"}
        Made by the program, or imported from files.
    region : str
        ``"cn"`` or ``"us"``.
    universe : str
        Name of the universe to use when none is configured.
    benchmark : str or None
        Code of the benchmark index, if there is one.
    through : date
        Last session with data.
    seed, generator_version : int or None
        Of a synthetic market.
    """

    kind: Literal["synthetic", "imported"]
    region: str
    universe: str
    benchmark: str | None
    through: date
    seed: int | None = None
    generator_version: int | None = None


def encode_metadata(metadata: MarketMetadata, extra: Mapping[str, object] | None = None) -> bytes:
    """Return the bytes of ``market.json``.

    Parameters
    ----------
    metadata : MarketMetadata
        What the market is.
    extra : mapping, optional
        Further facts for a reader, such as the files it was imported from.

    Returns
    -------
    bytes
        JSON with sorted keys.
    """
    facts: dict[str, object] = {
        "kind": metadata.kind,
        "region": metadata.region,
        "universe": metadata.universe,
        "benchmark": metadata.benchmark,
        "through": metadata.through.isoformat(),
    }
    if metadata.kind == "synthetic":
        facts |= {"seed": metadata.seed, "generator_version": metadata.generator_version}
    facts |= dict(extra or {})
    text = json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def read_metadata(provider_uri: Path) -> MarketMetadata | None:
    """Read ``market.json``.

    Parameters
    ----------
    provider_uri : Path
        A market folder.

    Returns
    -------
    MarketMetadata or None
        None if the folder does not have the file, as data from elsewhere do not.

    Raises
    ------
    CorruptArtifactError
        If the file is not what this program writes.
    """
    path = provider_uri / METADATA_FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return MarketMetadata(
            kind=_KINDS[facts["kind"]],
            region=str(facts["region"]),
            universe=str(facts["universe"]),
            benchmark=facts["benchmark"],
            through=date.fromisoformat(facts["through"]),
            seed=facts.get("seed"),
            generator_version=facts.get("generator_version"),
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptArtifactError(
            "The description of the market data cannot be read.",
            where=path,
            found=f"{type(error).__name__}: {error}",
            hint="Remove the market folder; it is made or imported again.",
        ) from error


def encode_names(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """Return the bytes of ``names.csv``.

    Parameters
    ----------
    rows : iterable of (str, str, str)
        Instrument, its name, and its name in English.

    Returns
    -------
    bytes
        CSV sorted by instrument.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_NAMES_HEADER)
    writer.writerows(sorted(rows))
    return buffer.getvalue().encode()


def read_names(provider_uri: Path, *, language: Literal["zh", "en"] = "zh") -> dict[str, str]:
    """Read the display names of a market folder.

    Parameters
    ----------
    provider_uri : Path
        A market folder.
    language : {"zh", "en"}
        Which name.

    Returns
    -------
    dict of str to str
        Name by instrument; empty if the folder has no names.

    Raises
    ------
    CorruptArtifactError
        If the file has other columns.
    """
    path = provider_uri / NAMES_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or tuple(rows[0]) != _NAMES_HEADER or any(len(row) != len(rows[0]) for row in rows):
        raise CorruptArtifactError(
            "The names of the instruments cannot be read.",
            where=path,
            expected=",".join(_NAMES_HEADER),
            found=",".join(rows[0]) if rows else "an empty file",
        )
    column = _NAMES_HEADER.index("name_en" if language == "en" else "name")
    return {row[0]: row[column] for row in rows[1:]}
