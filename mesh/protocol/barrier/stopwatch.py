"""For how long something has been as it is."""


class Stopwatch:
    """Since when each watched attempt has shown the value that it shows now.

    Times are monotonic, in ns.
    """

    def __init__(self) -> None:
        self._since: dict[int, tuple[int, int]] = {}

    def watch(self, number: int, value: int | None, now_ns: int) -> None:
        """``number`` shows ``value`` now; None: there is nothing to watch."""
        if value is None:
            self.forget(number)
            return
        known = self._since.get(number)
        if known is None or known[0] != value:
            self._since[number] = (value, now_ns)

    def since_ns(self, number: int) -> int | None:
        """When the present value first showed; None where nothing is watched."""
        known = self._since.get(number)
        return None if known is None else known[1]

    def forget(self, number: int) -> None:
        """Stop watching ``number``."""
        _ = self._since.pop(number, None)
