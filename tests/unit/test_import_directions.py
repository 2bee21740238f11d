"""Who imports whom: the direction of imports of ARCHITECTURE.md, read off the source, and what a start imports."""

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "mirador_desktop"
FILES = sorted((ROOT / PACKAGE).rglob("*.py"))
DOORS = {
    "assistant",
    "library",
    "attaching",
    "embedding",
    "remembering",
    "backups",
    "order",
    "titles",
    "models",
    "pulls",
    "warming",
    "hosts",
    "tokens",
    "pipelines",
    "providers",
    "runtime",
    "release",
    "measuring",
    "exchanging",
    "importing",
}
# What everything above core may use.
THEIRS = {*DOORS, "settings", "preferences", "errors", "atomic", "ollama_program", "core"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "atomic": set(),  # how a file is written: whoever writes one may use it, so that it is done in one way only
    "ollama_program": set(),  # a program and an address: it knows nothing of Mirador
    "core": {"core", "errors"},
    "settings": {"settings", "errors"},
    "preferences": {"preferences", "settings", "errors", "atomic", "core"},
    "engines": {"engines", "core", "errors"},
    "memory": {"memory", "core", "errors", "atomic"},
    "exchange": {"exchange", "core", "errors", "atomic"},
    "library": {"library", "settings", "errors", "core", "memory"},
    **{door: {*THEIRS, "memory", "exchange"} for door in DOORS - {"library"}},
    "gui": {*THEIRS, "gui", "exchange"},
}
SLOW = {"ollama", "openai", "httpx", "keyring", "pygments", "markdown_it", "numpy", "psutil", "tomlkit"}
QT = {"PySide6", "qasync"}


@dataclass(frozen=True)
class Import:
    """One import: where it stands, what it names, and when it runs."""

    path: Path
    line: int
    module: str
    at_start: bool  # when its module is imported
    for_types: bool

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT).as_posix()}:{self.line}: {self.module}"

    @property
    def room(self) -> str:
        return self.path.relative_to(ROOT / PACKAGE).with_suffix("").parts[0]

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    @property
    def target(self) -> str:
        """The room of this package it leads to, "" for others."""
        parts = self.module.split(".")
        return "" if parts[0] != PACKAGE else parts[1] if len(parts) > 1 else PACKAGE


def _names(node: ast.Import | ast.ImportFrom, path: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        parts = path.relative_to(ROOT).with_suffix("").parts[: -node.level]
        base = ".".join([*parts, *([base] if base else [])])
    return [f"{base}.{alias.name}" for alias in node.names] if base == PACKAGE else [base]


def _read(path: Path) -> list[Import]:
    found: list[Import] = []

    def walk(node: ast.AST, at_start: bool, for_types: bool) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.extend(Import(path, node.lineno, n, at_start, for_types) for n in _names(node, path))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for statement in node.body:
                walk(statement, False, True)
            for statement in node.orelse:
                walk(statement, at_start, for_types)
            return
        at_start = at_start and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            walk(child, at_start, for_types)

    walk(ast.parse(path.read_text("utf-8")), True, False)
    return found


IMPORTS = [each for path in FILES for each in _read(path)]


def _breaches(wrong: list[Import]) -> str:
    return "\n".join(each.place for each in wrong)


def test_the_reader_reads() -> None:
    assert {"core", "engines", "memory", "assistant", "settings", "errors"} <= {each.room for each in IMPORTS} | {
        path.stem for path in FILES
    }
    assert any(each.target == "core" for each in IMPORTS)
    assert any(each.for_types for each in IMPORTS)


def test_every_room_has_its_rule() -> None:
    rooms = {path.relative_to(ROOT / PACKAGE).with_suffix("").parts[0] for path in FILES}
    assert rooms - set(ALLOWED) == {
        "__init__",
        "__main__",
        "app",
        "machine",
        "doctor",
        "terminal",
        "terminal_exchange",
    }


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_rooms_import_downwards_only(room: str) -> None:
    wrong = [i for i in IMPORTS if i.room == room and i.target and i.target not in ALLOWED[room]]
    assert not wrong, _breaches(wrong)


def test_core_and_errors_use_the_standard_library_only() -> None:
    own = [i for i in IMPORTS if i.room in ("core", "errors") and not i.target]
    wrong = [i for i in own if i.top not in sys.stdlib_module_names]
    assert not wrong, _breaches(wrong)
    reaching_out = {"socket", "ssl", "http", "urllib", "sqlite3", "subprocess", "shutil", "tempfile", "pathlib"}
    wrong = [i for i in own if i.top in reaching_out]
    assert not wrong, _breaches(wrong)


def test_qt_is_imported_in_the_window_and_in_app_only() -> None:
    wrong = [i for i in IMPORTS if i.top in QT and i.room not in ("gui", "app")]
    assert not wrong, _breaches(wrong)


def test_the_terminal_sees_the_assistant_only() -> None:
    below = {"gui", "engines", "memory"}
    wrong = [i for i in IMPORTS if i.room in ("terminal", "terminal_exchange") and (i.target in below or i.top in QT)]
    assert not wrong, _breaches(wrong)


def test_nothing_but_the_root_imports_app() -> None:
    wrong = [i for i in IMPORTS if i.target == "app" and i.room not in ("app", "__main__", "terminal")]
    wrong = [i for i in wrong if not i.for_types]
    assert not wrong, _breaches(wrong)


@pytest.mark.parametrize("library", ["ollama", "openai"])
def test_a_library_of_engines_is_imported_in_one_file(library: str) -> None:
    wrong = [i for i in IMPORTS if i.top == library and i.path.name != f"{library}_connection.py"]
    assert not wrong, _breaches(wrong)


def test_slow_packages_are_imported_where_they_are_used() -> None:
    wrong = [i for i in IMPORTS if i.top in SLOW and i.at_start and not i.for_types]
    assert not wrong, _breaches(wrong)


@pytest.mark.parametrize("module", ["app", "__main__", "assistant", "settings"])
def test_a_start_imports_nothing_slow(module: str) -> None:
    if not (ROOT / PACKAGE / f"{module}.py").exists():
        pytest.skip(f"there is no {module}.py yet")
    code = f"import sys, {PACKAGE}.{module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not (SLOW | QT) & set(done.stdout.split())
