"""`python -m model`: every step from the data to the released model. What a user got wrong is one line on stderr and exit code 1."""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from model.accuracy import commands as accuracy
from model.adversarial import commands as adversarial
from model.arabic import commands as arabic
from model.articles import commands as articles
from model.commands import evaluating, pictures, results, serving, training
from model.corruptions import commands as corruptions
from model.data import DataUnavailable
from model.edge import commands as edge
from model.explanations import commands as explanations
from model.groups import commands as groups
from model.refused import Refused
from model.renewal import commands as renewal
from model.renewal import picture_commands as renewal_pictures
from model.trust import commands as trust

STEPS = (pictures, training, evaluating, serving, results)
ROOMS = (articles, accuracy, explanations, groups, trust, corruptions, adversarial, edge, arabic, renewal, renewal_pictures)
"""Each of either has commands of its own."""

FAILED = 1
INTERRUPTED = 130

AT_LEAST = {
    "seed": 0,
    "seeds": 0,
    "folds": 2,
    "limit": 1,
    "pictures": 1,
    "calibration": 1,
    "calls": 1,
    "epochs": 1,
    "threads": 1,
    "count": 1,
}
"""What an option that is a number, or several, may be, whichever command has it, also where it is kept as text, as a recipe's are."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser().parse_args(given)
    options.command_line = f"python -m model {shlex.join(given)}"
    try:
        _check_numbers(options)
        options.run(options)
    except (Refused, DataUnavailable, OSError) as error:
        return _ended(options, str(error), FAILED)
    except KeyboardInterrupt:
        return _ended(options, "interrupted", INTERRUPTED)
    except _release_unusable() as error:
        return _ended(options, str(error), FAILED)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line. Building it imports neither torch nor any data."""
    whole = argparse.ArgumentParser(prog="python -m model", description="MNIST, the networks that read it, and the evidence for them.")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", formatter_class=_Help)
        made.set_defaults(run=run)
        return made

    for room in (*STEPS, *ROOMS):
        room.add_commands(command)
    return whole


def _release_unusable() -> tuple[type[Exception], ...]:
    """Looked up once something was raised, and nothing where it was not imported: it comes with torch, which takes seconds."""
    inference = sys.modules.get("model.inference")
    return () if inference is None else (inference.ReleaseUnusable,)


def _ended(options: argparse.Namespace, why: str, code: int) -> int:
    print(f"python -m model {options.command}: {why}", file=sys.stderr)
    return code


def _check_numbers(options: argparse.Namespace) -> None:
    for name, least in AT_LEAST.items():
        given = getattr(options, name, None)
        for number in given if isinstance(given, list) else [least if given is None else given]:
            with suppress(ValueError):  # of text that is no number, overriding the recipe says so
                if int(number) < least:
                    raise Refused(f"--{name} is {number}; it is at least {least}")


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows a default where there is one to show."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, argparse.SUPPRESS) else super()._get_help_string(action)


if __name__ == "__main__":
    sys.exit(main())
