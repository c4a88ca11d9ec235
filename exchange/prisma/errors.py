"""What is wrong with a source, in one line with the fix."""


class SourceError(Exception):
    """The source cannot be read, or is none of the predecessors'."""
