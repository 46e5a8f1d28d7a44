"""Shards of an archive side by side, in processes of this machine."""

import itertools
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

from benchmarks.archive.screening import Done, Task, screen
from edge_runtime.classifier import LesionClassifier

# Each process has its own; a model is opened once and serves every shard.
_opened: dict[str, LesionClassifier] = {}


def on_this_machine(tasks: Sequence[Task], workers: int) -> Iterator[Done]:
    """Each shard as it is done; with one worker, in this very process."""
    if workers == 1 or len(tasks) < 2:
        yield from map(screened, tasks)
        return
    # Not forked: the interpreter's threads would be lost in the copy.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting = iter(tasks)
        first = itertools.islice(waiting, 2 * workers)
        running = {pool.submit(screened, task) for task in first}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                # A few ahead only: a million shards need not be queued.
                for task in itertools.islice(waiting, 1):
                    running.add(pool.submit(screened, task))
                yield future.result()


def screened(task: Task) -> Done:
    """Judge one shard with this process's own classifier."""
    if task.model not in _opened:
        _opened[task.model] = LesionClassifier.load(
            Path(task.model), threads=1, site=False
        )
    return screen(_opened[task.model], task)
