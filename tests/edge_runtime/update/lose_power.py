"""Run by test_power_loss.py: ends the process as a loss of power would.

Before or after the Nth call that changes what is on the disk; what was not synced is
not lost here, which a rename relies on. Words: N, early or late, then a command.
"""

import os
import pathlib
import sys


class Power:
    """Counts what changes the disk, and goes off at one of those calls."""

    def __init__(self, at, *, late):
        self.calls, self.at, self.late = 0, at, late

    def counted(self, call):
        def wrapped(*words, **options):
            self.calls += 1
            if self.calls == self.at and not self.late:
                os._exit(137)
            result = call(*words, **options)
            if self.calls == self.at:
                os._exit(137)
            return result

        return wrapped


class HalfWritten:
    """Writes half of what it is given, then the power goes."""

    def __init__(self, file, power):
        self.file, self.power = file, power

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *reasons):
        return self.file.__exit__(*reasons)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, content):
        self.power.calls += 1
        if self.power.calls == self.power.at:
            self.file.write(content[: len(content) // 2])
            self.file.flush()
            os._exit(137)
        return self.file.write(content)


def main(at, moment, *words):
    power = Power(int(at), late=moment == "late")
    os.fsync = power.counted(os.fsync)
    pathlib.Path.replace = power.counted(pathlib.Path.replace)
    pathlib.Path.unlink = power.counted(pathlib.Path.unlink)
    if not power.late:
        opened = os.fdopen
        os.fdopen = lambda *given, **options: HalfWritten(
            opened(*given, **options), power
        )
    # Here, so that whatever it binds on import is bound to the above.
    from edge_runtime.__main__ import main as command

    return command(words)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
