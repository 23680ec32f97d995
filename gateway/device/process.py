"""The process that serves on a small device, from its settings until it is told to stop."""

import asyncio
import logging
from collections.abc import Callable

import uvicorn
from prometheus_client import disable_created_metrics

from gateway.device.application import DeviceApplication
from gateway.device.exported import read_exported
from gateway.device.memory import give_back
from gateway.device.network import OnnxNetwork, Session, open_session
from gateway.device.settings import DeviceSettings
from gateway.errors import Problem
from gateway.known import read_known_digits
from gateway.listening import listening, spare_the_collector
from gateway.logs import set_up
from gateway.refusal import SettingsError
from model.preprocess import keep_to_one_thread

log = logging.getLogger(__name__)

Opening = Callable[[bytes], Session]
"""Makes a session of a file's content."""


def serve(settings: DeviceSettings, opening: Opening = open_session) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight. Raises SettingsError when a setting or the network cannot be used."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    set_up(settings.log_level, settings.log_format)
    app = application(settings, opening)
    keep_to_one_thread()
    spare_the_collector()
    give_back()
    uvicorn.Server(listening(app, app.plain, settings.host, settings.port)).run()


def application(settings: DeviceSettings, opening: Opening = open_session) -> DeviceApplication:
    """The application over the exported network that the settings name, once it has read the known digits. Raises SettingsError."""
    exported = read_exported(settings.network)
    give_back()  # before the largest library comes, so that starting stays small too
    known = read_known_digits()
    app = DeviceApplication(settings, OnnxNetwork(opening(exported.content)), exported.facts, known)
    try:
        wrong = asyncio.run(app.known.misread())
    except Problem as problem:
        raise SettingsError(f"{settings.network} cannot be served: {problem.detail}") from problem
    if wrong:
        raise SettingsError(f"{settings.network} reads {wrong} of {len(known.labels)} known digits wrong; it is not served")
    log.info("serving model %s version %s out of %s", exported.facts["model"], exported.version, settings.network)
    return app
