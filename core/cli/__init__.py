"""The shell: `python -m core COMMAND`. It asks the same code as the dashboard.

Exit status: 0 when done, 1 when something ended without being finished, 2 when what was
asked cannot be done. What went wrong is one line on stderr, never a traceback.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr
from importlib import import_module

import typer

from core.errors import NeuroStageError

# Where each command is. Only the one that is asked for is loaded, so that `status` does not
# wait for the statistics of `compare`.
COMMANDS = {
    "inspect": "core.cli.data",
    "train": "core.cli.training",
    "crossval": "core.cli.crossval",
    "status": "core.cli.training",
    "stop": "core.cli.training",
    "resume": "core.cli.training",
    "evaluate": "core.cli.results",
    "compare": "core.cli.results",
    "predict": "core.cli.predict",
    "rename": "core.cli.run_library",
    "note": "core.cli.run_library",
    "delete": "core.cli.run_library",
    "restore": "core.cli.run_library",
    "card": "core.cli.card",
    "readings": "core.cli.readings",
    "demo": "core.cli.demo",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: Words after `python -m core`; none takes those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    # A file's name need not be text that the terminal can show.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with _quiet_libraries():
            app = _app([words[0]] if words[0] in COMMANDS else list(COMMANDS))
            return app(words, prog_name="python -m core", standalone_mode=False) or 0
    except NeuroStageError as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        known = f" {words[0]}" if words[0] in COMMANDS else ""
        return _refuse(f"{error.format_message().rstrip('.')}. See: python -m core{known} --help")
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return _refuse(f"{error.strerror or error}: {error.filename or 'no file named'}")


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Drop what TensorFlow writes to stderr by itself; what Python writes still gets there."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # not enough: some lines ignore it
    with ExitStack() as stack:
        try:
            kept = os.dup(2)
        except OSError:  # there is no stderr
            yield
            return
        ours = stack.enter_context(open(kept, "w", 1, errors="backslashreplace"))  # noqa: PTH123
        stack.enter_context(redirect_stderr(ours))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        stack.callback(os.dup2, kept, 2)
        yield


def _app(commands: list[str]) -> typer.Typer:
    app = typer.Typer(
        help="Fine-tune VGG19 on brain MRI slices in five stages, compare the stages honestly "
        "and explain predictions. Research use only, not for diagnosis.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)  # one command alone still goes by its name
    for name in commands:
        app.command(name)(getattr(import_module(COMMANDS[name]), name))
    return app


def _refuse(message: str) -> int:
    typer.echo(" ".join(message.split()), err=True)
    return 2
