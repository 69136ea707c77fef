"""How much to measure, and who hears how far it is."""

from collections.abc import Callable
from dataclasses import dataclass

QUICK = 0.02
"""The scale of a trial: enough to see that a row works, too little to say how fast it is."""


def _silent(_text: str) -> None:
    pass


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    rounds: int = 5
    steps: int = 40_000
    """One-row steps of a run whose speed is measured."""
    idle: float = 5.0
    """Seconds of idleness before a start is timed."""
    long: float = 0.0
    """Minutes of idleness before one more start is timed; 0: none."""
    scale: float = 1.0
    """What every other number and time of a row is multiplied by: 1, or QUICK."""
    say: Callable[[str], None] = _silent
    """Hears of progress."""

    def count(self, full: int, least: int = 1) -> int:
        """Return a number of nodes, steps or tasks at this scale."""
        return max(least, round(full * self.scale))

    def seconds(self, full: float, least: float = 0.0) -> float:
        """Return a time at this scale."""
        return max(least, full * self.scale)
