"""How much memory this process has needed so far."""

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_memory_mib() -> float | None:
    """Largest resident memory of this process until now; None where unknown.

    Linux keeps it as ``VmHWM``. ``ru_maxrss`` would do elsewhere, but on Linux a new
    process inherits it from the one that started it, however large that was.
    """
    if _STATUS.is_file():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return None
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, the BSDs KiB.
    return largest / (2**20 if sys.platform == "darwin" else 2**10)
