"""The command line: opens the window, or answers in the terminal."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mirador_desktop import __version__

DISPLAYS = ("WAYLAND_DISPLAY", "DISPLAY")


def has_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a window can be shown: Qt would abort the process without a display."""
    if platform in ("win32", "darwin") or environment.get("QT_QPA_PLATFORM"):
        return True
    return any(environment.get(name) for name in DISPLAYS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mirador-desktop",
        description="Ask models on your own machine in stages. Without a command the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"Mirador {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    ask = commands.add_parser("ask", help="answer a question in the terminal")
    ask.add_argument("question", nargs="+", metavar="QUESTION", help="the question; - reads standard input")
    ask.add_argument(
        "--pipeline", default="Progressive", metavar="NAME", help="a pipeline by its name (default: Progressive)"
    )
    ask.add_argument("--depth", choices=("auto", "quick", "full"), default="auto", help="how many stages answer")
    ask.add_argument("--no-memory", action="store_true", help="use nothing of what was said before")
    ask.add_argument("--json", action="store_true", help="print one JSON object for each event")
    _add_exchange(commands)
    commands.add_parser("doctor", help="say what was found here, and what to do about it")
    return parser


def _add_exchange(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands that write conversations to files and read them."""
    from mirador_desktop.exchange.options import KINDS

    export = commands.add_parser("export", help="write conversations to a file")
    export.add_argument("file", metavar="FILE", help="where to; - writes to the standard output")
    export.add_argument("--format", choices=tuple(KINDS), help="the form (default: by the ending of the file)")
    which = export.add_mutually_exclusive_group()
    which.add_argument(
        "--conversation",
        action="append",
        metavar="ID",
        help="an identifier, or its beginning; can be given again (default: all conversations)",
    )
    which.add_argument("--all", action="store_true", help="all conversations")
    much = export.add_mutually_exclusive_group()
    much.add_argument("--final", action="store_true", help="final answers only (default)")
    much.add_argument("--stages", action="store_true", help="the answers of all stages")
    export.add_argument("--thoughts", action="store_true", help="what models thought before they answered")
    export.add_argument("--confidences", action="store_true", help="how sure models were")
    export.add_argument("--metadata", action="store_true", help="dates, times, tokens and speeds")
    export.add_argument("--branches", action="store_true", help="all branches, not only the ones that are shown")
    read = commands.add_parser(
        "import", help="read conversations of Mirador, ChatGPT, Open WebUI, LM Studio or Jan from files"
    )
    read.add_argument("files", nargs="+", metavar="FILE", help="a file, a zip archive or a folder")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["read-attachment"]:  # not for people: the program runs itself on a file it does not trust
        from mirador_desktop.exchange.attached_file import main as read_attachment

        return read_attachment(Path(given[1]))
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["--write-pdf"] and len(given) == 2:  # how an export calls this program: see exchange.pdf
        from mirador_desktop.gui import pdf

        return pdf.main(given[1])
    options = _parser().parse_args(given)
    if options.command is None and has_display():
        from mirador_desktop.app import run

        return run([])
    from mirador_desktop import terminal
    from mirador_desktop.machine import compose, start_logging
    from mirador_desktop.settings import folders

    start_logging(folders())
    if options.command == "ask":
        return terminal.ask(compose, options)
    if options.command in ("export", "import"):
        from mirador_desktop import terminal_exchange

        work = terminal_exchange.write if options.command == "export" else terminal_exchange.read
        return work(compose, options)
    if options.command == "doctor":
        from mirador_desktop import doctor

        return doctor.run(compose, has_display())
    print("No display here: answering in the terminal. End with Ctrl+D.", file=sys.stderr)  # noqa: T201
    return terminal.talk(compose)


if __name__ == "__main__":
    sys.exit(main())
