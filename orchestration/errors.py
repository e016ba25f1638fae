"""The base of every error that a user can mend; its message says what was seen, what was expected, what to do."""


class AssayError(RuntimeError):
    """Shown by the command line as one message, without a trace."""
