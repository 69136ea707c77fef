"""The command ``pgflow``: a convenience beside the extension, which never needs it."""


class CommandError(Exception):
    """What a command has to say, in words for its user, when it cannot do what it was asked."""
