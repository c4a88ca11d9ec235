"""What went wrong for the person who runs the server."""


class OperatorError(Exception):
    """A mistake or fault outside the program: one line for the operator, with the fix."""
