"""How often features were computed, extended and read, for a report."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FeatureUse"]


@dataclass(slots=True)
class FeatureUse:
    """Counts of what was done to give models their features; each is one group, once.

    Attributes
    ----------
    n_computed : int
        Computed from their start.
    n_extended : int
        Read from disk, and later days computed.
    n_read : int
        Read from disk as they are.
    n_sessions : int
        Days that extending added, the most of any group [sessions].
    """

    n_computed: int = 0
    n_extended: int = 0
    n_read: int = 0
    n_sessions: int = 0

    def text(self) -> str:
        """Return it for a person: ``features were computed 1 times, read from disk 2 times``.

        Examples
        --------
        >>> FeatureUse(n_computed=1).text()
        'features were computed 1 times'
        >>> FeatureUse(n_extended=1, n_sessions=2).text()
        'features were computed 0 times, extended 1 times (by 2 sessions)'
        """
        parts = [f"features were computed {self.n_computed} times"]
        if self.n_extended:
            parts.append(f"extended {self.n_extended} times (by {self.n_sessions} sessions)")
        if self.n_read:
            parts.append(f"read from disk {self.n_read} times")
        return ", ".join(parts)
