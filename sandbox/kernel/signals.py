"""Signals as the kernel numbers them, and what a new program inherits of them."""

from __future__ import annotations

__all__ = ["posix", "reset"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as posix
else:
    # The public module makes enumerations of the same names, which takes a launch of 25 ms another 4.
    import _signal as posix


def reset() -> None:
    """Default actions and an empty mask. Only ignored signals and the mask would survive exec: signal(7).

    But a command may wait before it executes, and dies of SIGINT meanwhile as it would after, not of our interpreter's
    KeyboardInterrupt.
    """
    for number in posix.valid_signals():
        if posix.getsignal(number) != posix.SIG_DFL:
            posix.signal(number, posix.SIG_DFL)
    posix.pthread_sigmask(posix.SIG_SETMASK, ())
