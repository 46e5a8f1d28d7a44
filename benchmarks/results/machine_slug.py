"""A short name for the machine that results come from."""

import re

from edge_runtime.measuring.machine import Machine


def machine_slug(machine: Machine) -> str:
    """A folder name for results of this machine, such as ``some-cpu-2-cores-avx2``.

    Boards are known by their own name, other computers by their processor. Rented ones
    tell the same name whatever they are, so the instruction sets belong to it.
    """
    is_board = machine.architecture.startswith(("aarch", "arm"))
    names = (machine.board, machine.cpu) if is_board else (machine.cpu, machine.board)
    name = next((name for name in names if name), machine.architecture)
    words = re.findall(r"[a-z0-9.]+", re.sub(r"\(\w+\)", " ", name.lower()))
    sets = [name.replace("_", "") for name in machine.instruction_sets or ()]
    return "-".join([*words, str(machine.cores), "cores", *sets])
