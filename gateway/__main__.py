"""`python -m gateway`: run everything on this machine, serve one gateway, or look after its cache, its records and its model."""

import argparse
import math
import sys
from pathlib import Path

from gateway.logs import set_up
from gateway.settings import Settings, SettingsError, read_settings

SAMPLE = Path("model/known/7.png")
EXPORTED = Path("var/edge/digits-int8.onnx")
INTERRUPTED = 130
"""As shells say that SIGINT ended a command."""


def main(arguments: list[str] | None = None) -> int:
    """The exit code. What a user can cause ends in one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings()
        return int(options.command(settings, options))
    except SettingsError as error:
        print(f"digitserve: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # which uvicorn hands on, once what was in flight is answered
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="start Redis, TorchServe and the gateway on this machine, and watch over them")
    run.add_argument(
        "--model", type=Path, action="append", default=[], metavar="ARCHIVE", help="serve this model too, by its name; may be repeated"
    )
    run.set_defaults(command=_run)
    serve = commands.add_parser(
        "serve", help="start a gateway, of GATEWAY_WORKERS processes; Redis and TorchServe by GATEWAY_REDIS_URL and GATEWAY_TORCHSERVE_URL"
    )
    serve.set_defaults(command=_serve)
    edge = commands.add_parser("edge", help="serve predictions on a small device by an exported network: no TorchServe, Redis or torch")
    edge.add_argument(
        "--network", type=Path, default=EXPORTED, metavar="FILE", help=f"what `python -m model edge` made (default {EXPORTED})"
    )
    edge.set_defaults(command=_edge)
    baseline = commands.add_parser("baseline", help="measure how fast a running gateway answers, for the alerts on slowness")
    baseline.add_argument("--url", help="where it runs; else GATEWAY_HOST and GATEWAY_PORT")
    baseline.add_argument("--rate", type=float, default=50.0, help="requests a second (default 50)")
    baseline.add_argument("--seconds", type=float, default=60.0, help="how long, half with new pictures and half with repeats (default 60)")
    baseline.set_defaults(command=_baseline)
    cache = commands.add_parser("cache", help="look after the cache").add_subparsers(required=True, metavar="action")
    purge = cache.add_parser("purge", help="forget cached answers; without options, all of them")
    purge.add_argument("--model", help="only answers of this model")
    purge.add_argument("--version", help="only answers of this version (as in the answer's model.version)")
    purge.add_argument("--tenant", help="only answers to this tenant; - for requests without one")
    purge.add_argument("--redis-url", help="where; else GATEWAY_REDIS_URL")
    purge.set_defaults(command=_purge)
    migrate = commands.add_parser("migrate", help="bring the database of records to the newest revision")
    migrate.set_defaults(command=_migrate)
    backup = commands.add_parser("backup", help="write all records into one file, also while gateways run")
    backup.add_argument("file", type=Path, help="what to make, such as records.jsonl.gz")
    backup.set_defaults(command=_backup)
    restore = commands.add_parser("restore", help="put back what a backup holds and the database does not, also while gateways run")
    restore.add_argument("file", type=Path, help="what `backup` made")
    restore.set_defaults(command=_restore)
    records = commands.add_parser("records", help="look after the records").add_subparsers(required=True, metavar="action")
    prune = records.add_parser("prune", help="delete records that are too old or too many, now")
    prune.add_argument("--days", type=_above_zero, help="what is older; else GATEWAY_RETENTION_DAYS")
    prune.add_argument("--bytes", type=_whole_above_zero, help="what takes more room, oldest first; else GATEWAY_RETENTION_BYTES")
    prune.set_defaults(command=_prune)
    export = records.add_parser(
        "export", help="write labelled predictions whose pixels are kept into one file, for `python -m model retrain`"
    )
    export.add_argument("file", type=Path, help="what to make, such as labelled.jsonl.gz")
    export.add_argument("--days", type=_above_zero, help="only those labelled since so long ago; else all")
    export.set_defaults(command=_export)
    _add_rollout(commands.add_parser("rollout", help="replace the served version by a better one, step by step, or go back at once"))
    secrets = commands.add_parser("secrets", help="make the passwords and the secret of an installation in containers, where they are not")
    secrets.add_argument("folder", type=Path, help="where, in a folder for each program that reads them")
    secrets.add_argument("--database", required=True, help="its URL without the password, like postgresql://user@host/name")
    secrets.set_defaults(command=_secrets)
    return parser


def _add_rollout(rollout: argparse.ArgumentParser) -> None:
    rollout.add_argument("--model", default="digits", help="which model (default digits)")
    rollout.add_argument("--url", help="a gateway that is asked whether a change took effect; else GATEWAY_HOST and GATEWAY_PORT")
    rollout.set_defaults(command=_rollout)
    actions = rollout.add_subparsers(required=True, metavar="action", dest="action")
    actions.add_parser("status", help="what is served, what stands beside it, and what that reads otherwise")
    shadow = actions.add_parser("shadow", help="have a candidate look on: the same pictures, off the request path")
    shadow.add_argument("version", help="as its instance tells it, READY beside the served one")
    shadow.add_argument(
        "--report", type=Path, required=True, help="gate-report.json of `python -m model gate`, or the folder that holds it"
    )
    share = actions.add_parser("share", help="have the candidate answer a share of uploads, the same ones always")
    share.add_argument("percent", type=int, help="0 to 100; 0: it only looks on")
    actions.add_parser("promote", help="make the candidate the one that is served; the former one stays for a rollback while it runs")
    actions.add_parser("rollback", help="without the candidate or, where there is none, without the last promotion")


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _whole_above_zero(text: str) -> int:
    return math.ceil(_above_zero(text))


def _run(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.embedded import Embedding, run

    set_up(settings.log_level, settings.log_format)
    return run(
        Embedding(
            host=settings.host,
            port=settings.port,
            redis_url=settings.redis_url,
            torchserve_url=settings.torchserve_url,
            torchserve_management_url=settings.torchserve_management_url,
            state_dir=settings.state_dir,
            archive=settings.state_dir / "archive" / "digits.mar",
            sample=SAMPLE,
            torchserve_workers=settings.torchserve_workers,
            torchserve_threads=settings.torchserve_threads,
            torchserve_gpus=settings.torchserve_gpus,
            models=settings.models,
            archives_beside=tuple(options.model),
        )
    )


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    if settings.workers > 1:
        from gateway.workers.parent import serve_together

        return serve_together(settings)
    from gateway.server import serve

    serve(settings)
    return 0


def _edge(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.device.command import serve_on_device

    serve_on_device(settings, options.network)
    return 0


def _baseline(settings: Settings, options: argparse.Namespace) -> int:
    import asyncio

    from gateway.baseline import BaselineUnusable
    from gateway.known import read_known_digits
    from gateway.measuring import measure

    if options.rate <= 0 or options.seconds <= 0:
        raise SettingsError("--rate and --seconds are more than 0")
    url = options.url or settings.front_url
    try:
        baseline = asyncio.run(measure(url, read_known_digits(), rate=options.rate, seconds=options.seconds))
    except BaselineUnusable as error:
        raise SettingsError(str(error)) from error
    file = baseline.write(settings.state_dir)
    for state, seconds in baseline.seconds.items():
        figures = ", ".join(f"{float(q):.0%} {1000 * value:.2f} ms" for q, value in seconds.items())
        print(f"{state}: {figures} (n = {baseline.answers[state]})")
    print(f"at {baseline.rate_per_second:g} requests a second, model {baseline.model_version}; kept in {file}")
    return 0


def _purge(settings: Settings, options: argparse.Namespace) -> int:
    import redis

    from gateway.purge import purge_at
    from gateway.redis_address import without_password

    url = options.redis_url or settings.redis_url
    if url is None:
        raise SettingsError("which Redis? Give --redis-url, or set GATEWAY_REDIS_URL; a running `make run` prints its own")
    try:
        removed = purge_at(url, model=options.model, version=options.version, tenant=options.tenant)
    except (redis.RedisError, OSError, ValueError) as error:
        raise SettingsError(f"{without_password(url)} cannot be purged: {error}") from error
    print(f"{removed} answers forgotten")
    return 0


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.records.commands import migrate

    migrate(settings)
    return 0


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.records.commands import backup

    backup(settings, options.file)
    return 0


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.records.commands import restore

    restore(settings, options.file)
    return 0


def _prune(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.records.commands import prune

    prune(settings, options.days, options.bytes)
    return 0


def _rollout(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.rollout import Rollout, getter

    rollout = Rollout(settings, options.model, getter(options.url or settings.front_url))
    match options.action:
        case "shadow":
            rollout.shadow(options.version, options.report)
        case "share":
            rollout.share(options.percent)
        case action:
            getattr(rollout, action)()
    return 0


def _export(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.records.commands import export

    export(settings, options.file, options.days)
    return 0


def _secrets(settings: Settings, options: argparse.Namespace) -> int:
    from gateway.first_secrets import make_secrets

    make_secrets(options.folder, options.database)
    return 0


if __name__ == "__main__":
    sys.exit(main())
