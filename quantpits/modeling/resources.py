"""How much memory a piece of work took at its peak.

On Linux the kernel's mark of the largest size is set back before each piece of work; elsewhere the
mark is that of the whole process so far, which is what the reports then say.
"""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

__all__ = ["PeakMemory"]

_SELF = Path("/proc/self")
_MARK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_KIB_PER_MIB = 1024


class PeakMemory:
    """Measures the largest resident size of this process since it was made.

    Parameters
    ----------
    proc : Path
        The kernel's folder about this process.
    """

    def __init__(self, proc: Path = _SELF) -> None:
        self._status = proc / "status"
        try:
            (proc / "clear_refs").write_text("5", encoding="ascii")
        except OSError:  # not Linux, or not allowed: the mark of the whole process then
            self._status = proc / "nowhere"

    def mib(self) -> int:
        """Return the largest resident size so far [MiB]."""
        try:
            match = _MARK.search(self._status.read_text(encoding="ascii"))
        except OSError:
            match = None
        if match is not None:
            return int(match.group(1)) // _KIB_PER_MIB
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # macOS counts bytes, Linux kibibytes
        return peak // (_KIB_PER_MIB**2 if sys.platform == "darwin" else _KIB_PER_MIB)
