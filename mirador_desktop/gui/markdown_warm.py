"""Gets ready for the first answer: imports that take long, done in idle moments before they are needed."""

from collections.abc import Callable

from .markdown_code import full_runs
from .markdown_compose import Composer
from .markdown_inline import parser
from .markdown_scanner import Scanner


def _parse() -> None:
    scanner = Scanner()
    scanner.feed("# A *b*\n\n- `c`\n\n| d |\n|---|\n| e |\n\n```python\nf = 1\n```\n")
    composer = Composer()
    for leaf in scanner.step(last=True)[1]:
        list(composer.compose(leaf, {}))


def _colour() -> None:
    list(full_runs(["import a  # b"], "python"))


_STEPS: list[Callable[[], object]] = [parser, _parse, _colour]
_done = 0


def warm_imports() -> None:
    """Import what the steps need, 200 ms on a slow computer: not for the GUI thread."""
    parser()
    _colour()


def warm_up() -> bool:
    """Do the next step; returns whether more are left."""
    global _done
    if _done < len(_STEPS):
        _STEPS[_done]()
        _done += 1
    return _done < len(_STEPS)
