"""Interrupts in tests: a shell's background job ignores them, and so would every process that it starts."""

import signal


def listens_to_interrupts() -> None:
    """For `preexec_fn`: the new process takes SIGINT as one in a terminal does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
