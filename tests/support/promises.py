"""What a failed check says has been broken: SPEC.md section 7, each promise an error of its own."""

from collections.abc import Iterator


class BrokenPromiseError(AssertionError):
    """A check of what the engine promises has failed; the last words of the run count ``number`` units."""

    kind = "broken"

    def __init__(self, message: str, number: int = 1) -> None:
        super().__init__(message)
        self.number = number


class LostError(BrokenPromiseError):
    """Work that was asked for, or is said to be done, has never taken effect."""

    kind = "lost"


class DoubledError(BrokenPromiseError):
    """Work took effect more than once, or without being known to have."""

    kind = "doubled"


class StuckError(BrokenPromiseError):
    """What should have happened by itself has not."""

    kind = "stuck"


class InconsistentError(BrokenPromiseError):
    """The engine's tables contradict each other, or something is left behind."""

    kind = "inconsistent"


KINDS = tuple(error.kind for error in (LostError, DoubledError, StuckError, InconsistentError))


def broken_by(error: BaseException) -> Iterator[BrokenPromiseError]:
    """Give the broken promises that ``error`` is or holds."""
    if isinstance(error, BrokenPromiseError):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from broken_by(one)
