"""Shards of an archive on a Ray cluster, with Ray Data: one classifier per actor."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.archive.archives import Shard
from benchmarks.archive.local import screened
from benchmarks.archive.screening import Done, Task
from benchmarks.errors import BenchmarkError
from edge_runtime.measuring.revision import CHECKOUT


class Screener:
    """An actor; it keeps the model open from shard to shard."""

    def __call__(self, row: dict[str, Any]) -> dict[str, str]:
        """Judge the shard that the row describes; returns what became of it as JSON."""
        fields = json.loads(row["task"])
        fields["shard"]["photos"] = tuple(fields["shard"]["photos"])
        task = Task(**{**fields, "shard": Shard(**fields["shard"])})
        return {"done": json.dumps(dataclasses.asdict(screened(task)))}


def on_a_cluster(tasks: Sequence[Task], workers: int) -> Iterator[Done]:
    """Each shard as it is done.

    The cluster is the one that ``RAY_ADDRESS`` names, else one started here. Archive,
    model and results must lie at the same paths on every node.

    Raises:
        BenchmarkError: when Ray is not installed.
    """
    if not tasks:
        return
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise BenchmarkError(
            'the engine ray needs Ray Data; install it: pip install "ray[data]"'
        ) from error
    if not ray.is_initialized():
        # Workers import our packages from the checkout, as this process does.
        ours = {"env_vars": {"PYTHONPATH": str(CHECKOUT)}}
        ray.init(log_to_driver=False, runtime_env=ours)
    rows = [{"task": json.dumps(dataclasses.asdict(task))} for task in tasks]
    # As many blocks as shards: whoever is free takes the next one.
    shards = ray.data.from_items(rows, override_num_blocks=len(rows))
    done = shards.map(Screener, concurrency=workers)
    for row in done.iter_rows():
        yield Done(**json.loads(row["done"]))
