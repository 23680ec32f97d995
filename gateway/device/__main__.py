"""`python -m gateway.device`: what `python -m gateway edge` becomes, once it has read the settings. It is not for people."""

import sys

from gateway.device.process import serve
from gateway.device.settings import DeviceSettings
from gateway.refusal import SettingsError

if __name__ == "__main__":
    try:
        serve(DeviceSettings.from_text(sys.argv[1]))
    except SettingsError as error:
        sys.exit(f"digitserve: {error}")
