"""Chains of nodes replaced by others, one at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from convert.graph.nodes import Node, consumers_of

Readers = Mapping[str, Sequence[Node]]
# A chain of nodes, first to last, and what takes its place.
Replacement = tuple[Sequence[Node], Sequence[Node]]
Rewrite = Callable[[Sequence[Node], Readers], Replacement | None]

LONGEST_CHAIN = 6
"""No rule looks further back."""


def rewritten(nodes: Sequence[Node], rewrite: Rewrite) -> Sequence[Node]:
    """Apply one rule wherever it fits."""
    changed = True
    while changed:
        nodes, changed = _rewritten_once(nodes, rewrite)
    return nodes


def _rewritten_once(
    nodes: Sequence[Node], rewrite: Rewrite
) -> tuple[Sequence[Node], bool]:
    readers = consumers_of(nodes)
    by_name = {node.name: node for node in nodes}
    for node in nodes:
        chain = _chain_to(node, by_name, readers)
        replacement = rewrite(chain, readers)
        if replacement is not None:
            return _replaced(nodes, *replacement), True
    return nodes, False


def _chain_to(node: Node, by_name: Mapping[str, Node], readers: Readers) -> list[Node]:
    """``node`` and what leads to it, nearest first, while nobody else reads it."""
    chain = [node]
    while len(node.inputs) == 1 and len(chain) < LONGEST_CHAIN:
        node = by_name[node.inputs[0]]
        if len(readers[node.name]) != 1:
            break
        chain.append(node)
    return chain


def _replaced(
    nodes: Sequence[Node], old: Sequence[Node], new: Sequence[Node]
) -> tuple[Node, ...]:
    """``old``, a chain in order, replaced by ``new``; readers follow the last one."""
    gone = {node.name for node in old}
    result: list[Node] = []
    for node in nodes:
        if node.name == old[0].name:
            result.extend(new)
        if node.name in gone:
            continue
        inputs = tuple(
            new[-1].name if name == old[-1].name else name for name in node.inputs
        )
        result.append(replace(node, inputs=inputs))
    return tuple(result)
