"""What a command says when it cannot do what was asked."""


class Refused(Exception):
    """A command cannot do what was asked; the message is one line that says why."""
