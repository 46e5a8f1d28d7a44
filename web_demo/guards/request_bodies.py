"""Request bodies in memory, within a budget that all of them share."""

import io


class Budget:
    """What the bodies of all requests may hold together; used in the loop's thread.

    Attributes:
        free_bytes: what is left.
    """

    def __init__(self, most_bytes: int) -> None:
        """Have ``most_bytes`` to give."""
        self.free_bytes = most_bytes

    def take(self, wanted_bytes: int) -> bool:
        """Whether so much was left; then it is taken."""
        if wanted_bytes > self.free_bytes:
            return False
        self.free_bytes -= wanted_bytes
        return True

    def give_back(self, taken_bytes: int) -> None:
        """Let others have it."""
        self.free_bytes += taken_bytes


class Body:
    """The body of one request: counts every byte, keeps none of a body too large.

    Attributes:
        length_bytes: received, whether kept or dropped.
        found_no_room: whether it was dropped because others hold too much.
    """

    def __init__(self, most_bytes: int, budget: Budget) -> None:
        """Keep a body of at most ``most_bytes``, if the ``budget`` has room."""
        self._most_bytes = most_bytes
        self._budget = budget
        self._kept = io.BytesIO()
        self._held_bytes = 0
        self.length_bytes = 0
        self.found_no_room = False

    def append(self, part: bytes) -> None:
        """Take the next part of the body."""
        self.length_bytes += len(part)
        if self.found_no_room:
            return
        if self.length_bytes > self._most_bytes:
            self.drop()
        elif self._budget.take(len(part)):
            self._held_bytes += len(part)
            self._kept.write(part)
        else:
            self.found_no_room = True
            self.drop()

    def opened(self) -> io.BytesIO:
        """The body from its start; empty when it was dropped."""
        self._kept.seek(0)
        return self._kept

    def drop(self) -> None:
        """Free the memory."""
        # Whoever still has it open must not keep the memory.
        self._kept.close()
        self._kept = io.BytesIO()
        self._budget.give_back(self._held_bytes)
        self._held_bytes = 0
