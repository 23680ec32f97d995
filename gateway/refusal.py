"""What a command cannot start with, as one line for whoever gave it. Importing it brings no library."""


class SettingsError(ValueError):
    """A setting cannot be used; the message names the variable and says what it takes."""
