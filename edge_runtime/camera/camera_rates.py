"""How fast frames are judged, over the last few seconds."""

import collections
import time

import numpy as np

# Long enough for a 95th percentile, short enough to follow what happens now.
_WINDOW = 120


class Rates:
    """Frames per second and durations of the last frames judged."""

    def __init__(self) -> None:
        """Nothing judged yet."""
        self.judged = 0
        self._moments_ns: collections.deque[int] = collections.deque(maxlen=_WINDOW)
        self._spans_ms: collections.deque[float] = collections.deque(maxlen=_WINDOW)

    def add(self, span_ms: float, now_ns: int | None = None) -> None:
        """One more frame was judged, in ``span_ms``."""
        self.judged += 1
        self._moments_ns.append(time.monotonic_ns() if now_ns is None else now_ns)
        self._spans_ms.append(span_ms)

    def to_json(self) -> dict[str, float | None]:
        """Frames per second, median and 95th percentile of the durations.

        ``fps`` is None before the second frame.
        """
        p50_ms, p95_ms = np.percentile(self._spans_ms, (50, 95))
        elapsed_s = (self._moments_ns[-1] - self._moments_ns[0]) / 1e9
        fps = (len(self._moments_ns) - 1) / elapsed_s if elapsed_s > 0 else None
        return {
            "fps": None if fps is None else round(fps, 2),
            "p50_ms": round(float(p50_ms), 2),
            "p95_ms": round(float(p95_ms), 2),
        }
