"""Whether a machine slowed itself down while something was measured on it."""

from edge_runtime.measuring.machine import Machine

# https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
_NOW = {
    0: "undervoltage",
    1: "frequency capped",
    2: "throttled",
    3: "soft temperature limit",
}
_SINCE_START = 16
"""Each of the bits above stands once more, so far up, for ever since the start."""


def disturbances(before: Machine, after: Machine) -> tuple[str, ...]:
    """Why the durations measured in between are invalid; empty where they are not.

    What happened before the measurement alone does not count.

    >>> import dataclasses
    >>> from edge_runtime.measuring.machine import describe_machine
    >>> calm = dataclasses.replace(describe_machine(), throttled="50000")
    >>> disturbances(calm, calm)
    ()
    >>> disturbances(calm, dataclasses.replace(calm, throttled="50005"))
    ('undervoltage', 'throttled')
    """
    first, last = _flags(before), _flags(after)
    now = first | last
    gained = (last & ~first) >> _SINCE_START
    names = [name for bit, name in _NOW.items() if (now | gained) >> bit & 1]
    counts = (before.throttle_events, after.throttle_events)
    if counts[0] is not None and counts[1] is not None and counts[1] > counts[0]:
        names.append(f"slowed down by heat {counts[1] - counts[0]} times")
    return tuple(names)


def _flags(machine: Machine) -> int:
    try:
        return int(machine.throttled or "0", 16)
    except ValueError:
        return 0  # Another firmware's words; no evidence of anything.
