"""Processes that hold one peer each and run it when told to."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.errors import BenchmarkError
from edge_runtime.measuring.revision import CHECKOUT


class Worker:
    """A process that runs one peer when told to."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        """Start it and wait until its model is open.

        Raises:
            BenchmarkError: with its last words, when it cannot open the model.
        """
        self._noise = tempfile.TemporaryFile("w+", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers.worker"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            text=True,
        )
        try:
            self.opened = self.ask(case)
        except BenchmarkError:
            self.close()
            raise

    def ask(self, question: Mapping[str, Any]) -> Any:
        """Its answer to one line."""
        given, gained = self._process.stdin, self._process.stdout
        if given is None or gained is None:
            raise BenchmarkError("the worker has no pipes")
        try:
            print(json.dumps(question), file=given, flush=True)
            return json.loads(gained.readline())
        except (OSError, ValueError) as error:
            self._noise.seek(0)
            lines = self._noise.read().strip().splitlines() or ["it said nothing"]
            # Libraries may have more to say after Python's own last line.
            named = [
                line for line in lines if re.match(r"[\w.]*(Error|Exception)", line)
            ]
            raise BenchmarkError((named or lines)[-1][-300:]) from error

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._noise.close()


@contextmanager
def running(case: Mapping[str, Any]) -> Iterator[Worker]:
    """A worker that ends with the block."""
    worker = Worker(case)
    try:
        yield worker
    finally:
        worker.close()
