"""`python -m gateway.device`: what `python -m gateway edge` becomes, once it has read the settings. It is not for people."""

import sys

from gateway.device.network import open_session
from gateway.device.process import Opening, serve
from gateway.device.settings import DeviceSettings
from gateway.refusal import SettingsError

INTERRUPTED = 130
"""As `gateway.__main__` has it, which would bring pydantic."""


def main(told: str, opening: Opening = open_session) -> int:
    """The exit code of a server by these settings. What a user can cause ends in one line on standard error."""
    try:
        serve(DeviceSettings.from_text(told), opening)
    except SettingsError as error:
        print(f"digitserve: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
