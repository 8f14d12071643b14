"""Results on disk as they come: an append-only file of batches, each with its checksum.

Beside the batches stands what they belong to, written before the first of them. A process that is
killed leaves at most one torn batch at the end, which the next start cuts off. Nothing is ever
rewritten, so what was once on disk stays as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantpits.errors import ArtifactError, CorruptArtifactError
from quantpits.workspace.atomic import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO, Self

    from quantpits.search.results import FloatArray, IntArray

__all__ = ["BatchResults", "ResultStore", "StoredRun", "read_run"]

_MAGIC: Final = b"QPSB"
_HEAD: Final = struct.Struct("<4sIQQ16s")  # magic, combos, first combo, bytes, checksum
_SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class BatchResults:
    """Figures of some combos, in the order of their list.

    Attributes
    ----------
    rows : int64 [B, 2]
        First and stop row of the combo's own sessions.
    figures : float64 [B, K]
        One column a figure, in the order of `COLUMNS`; NaN where undefined.
    moments : float64 [B, 2, S]
        Sum and sum of squares of the daily net returns in S blocks.
    """

    rows: IntArray
    figures: FloatArray
    moments: FloatArray

    def __len__(self) -> int:
        """Return the number of combos B."""
        return len(self.rows)

    @property
    def payload(self) -> bytes:
        """The three arrays, one after the other, as bytes."""
        arrays = (self.rows, self.figures, self.moments)
        return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """What a store holds the results of.

    Attributes
    ----------
    identity : mapping of str to text, number or mapping
        Everything that decides the results; two runs with equal identities give equal bytes.
    asked : mapping of str to text, number or list
        What the user asked for, so that it can be analysed later without asking again.
    n_combos : int
        Combos of the whole run.
    n_figures, n_blocks : int
        Columns of the figures and blocks of the moments.
    title : str
        What it is, for a person.
    """

    identity: Mapping[str, Any]
    asked: Mapping[str, Any]
    n_combos: int
    n_figures: int
    n_blocks: int
    title: str

    @property
    def row_bytes(self) -> int:
        """Bytes a combo takes."""
        return 8 * (2 + self.n_figures + 2 * self.n_blocks)


def read_run(folder: Path) -> StoredRun | None:
    """Return what the store in a folder belongs to.

    Parameters
    ----------
    folder : Path
        The folder of the store.

    Returns
    -------
    StoredRun or None
        None if there is no store.

    Raises
    ------
    CorruptArtifactError
        If its description is not what it should be.
    ArtifactError
        If it cannot be read.
    """
    path = folder / "run.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("schema_version") != _SCHEMA_VERSION:
            raise CorruptArtifactError(
                "The unfinished search was written by another version.",
                where=path,
                hint="begin anew with --restart",
            )
        return StoredRun(**document)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ArtifactError("A file cannot be read.", where=path, found=error.strerror) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, CorruptArtifactError):
            raise
        raise CorruptArtifactError(
            "The description of the stored search cannot be read.",
            where=path,
            found=error,
            hint="begin anew with --restart",
        ) from error


class ResultStore:
    """The file of batches of one run.

    Parameters
    ----------
    folder : Path
        Where it lies; made if it does not exist.
    run : StoredRun
        What it belongs to.

    Notes
    -----
    Use it in a ``with`` block. Batches come in the order of the combos without a gap.
    """

    def __init__(self, folder: Path, run: StoredRun) -> None:
        self._folder = folder
        self._run = run
        self._path = folder / "results.bin"
        self._file: BinaryIO | None = None
        self.n_done = 0
        self.n_torn_bytes = 0

    def create(self) -> None:
        """Begin with an empty store; what was there before is gone.

        Raises
        ------
        ArtifactError
            If the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / "run.json").unlink(missing_ok=True)  # first: no batch without its run
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._write_error(error) from error
        document = {
            "schema_version": _SCHEMA_VERSION,
            "identity": dict(self._run.identity),
            "asked": dict(self._run.asked),
            "n_combos": self._run.n_combos,
            "n_figures": self._run.n_figures,
            "n_blocks": self._run.n_blocks,
            "title": self._run.title,
        }
        write_json(self._folder / "run.json", document)

    def count(self) -> int:
        """Return how many combos are on disk whole, reading nothing into memory.

        Raises
        ------
        ArtifactError
            If the file cannot be read.
        """
        return sum(n_combos for n_combos, _ in self._frames())

    def open(self) -> Self:
        """Open the store for appending, behind the last whole batch.

        Returns
        -------
        ResultStore
            Itself; `n_done` combos are on disk.

        Raises
        ------
        ArtifactError
            If the file cannot be written.
        """
        end = 0
        self.n_done = 0
        for n_combos, stop in self._frames():
            self.n_done += n_combos
            end = stop
        try:
            file = self._path.open("ab")
            self.n_torn_bytes = file.tell() - end
            if self.n_torn_bytes:
                file.truncate(end)
        except OSError as error:
            raise self._write_error(error) from error
        self._file = file
        return self

    def append(self, batch: BatchResults) -> None:
        """Write one batch and wait until it is on the disk.

        Parameters
        ----------
        batch : BatchResults
            The next combos.

        Raises
        ------
        ArtifactError
            If it cannot be written; the store stays as it was.
        """
        if self._file is None:
            raise ArtifactError("The store of results is not open.", where=self._path)
        payload = batch.payload
        head = _HEAD.pack(_MAGIC, len(batch), self.n_done, len(payload), _checksum(payload))
        try:
            self._file.write(head + payload)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._write_error(error) from error
        self.n_done += len(batch)

    def load(self) -> BatchResults:
        """Return everything that is on disk.

        Returns
        -------
        BatchResults
            All combos of the whole batches, in order.

        Raises
        ------
        ArtifactError
            If the file cannot be read.
        """
        run = self._run
        n_done = self.count()
        rows = np.empty((n_done, 2), dtype=np.int64)
        figures = np.empty((n_done, run.n_figures))
        moments = np.empty((n_done, 2, run.n_blocks))
        first = 0
        for payload, n_combos in self._payloads():
            stop = first + n_combos
            at, past = 16 * n_combos, (16 + 8 * run.n_figures) * n_combos
            rows[first:stop] = np.frombuffer(payload[:at], dtype=np.int64).reshape(-1, 2)
            figures[first:stop] = np.frombuffer(payload[at:past]).reshape(n_combos, run.n_figures)
            moments[first:stop] = np.frombuffer(payload[past:]).reshape(n_combos, 2, run.n_blocks)
            first = stop
        return BatchResults(rows, figures, moments)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        """Open the store."""
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    def _frames(self) -> Iterator[tuple[int, int]]:
        """Yield the number of combos and the end of each whole batch."""
        end = 0
        for payload, n_combos in self._payloads():
            end += _HEAD.size + len(payload)
            yield n_combos, end

    def _payloads(self) -> Iterator[tuple[bytes, int]]:
        """Yield the whole batches; stop at the first that is torn."""
        try:
            with self._path.open("rb") as file:
                n_seen = 0
                while len(head := file.read(_HEAD.size)) == _HEAD.size:
                    magic, n_combos, first, n_bytes, checksum = _HEAD.unpack(head)
                    is_next = magic == _MAGIC and first == n_seen
                    if not is_next or n_bytes != n_combos * self._run.row_bytes:
                        return
                    payload = file.read(n_bytes)
                    if len(payload) != n_bytes or _checksum(payload) != checksum:
                        return
                    n_seen += n_combos
                    yield payload, n_combos
        except FileNotFoundError:
            return
        except OSError as error:
            raise ArtifactError(
                "A file cannot be read.", where=self._path, found=error.strerror
            ) from error

    def _write_error(self, error: OSError) -> ArtifactError:
        return ArtifactError(
            "The results of the search cannot be written.",
            where=self._folder,
            found=error.strerror or str(error),
            hint="make room or give another --output-dir; go on with --resume",
        )


def _checksum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=16).digest()
