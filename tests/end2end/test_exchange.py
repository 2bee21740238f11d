"""The commands `export` and `import` as processes: files, the standard output, exit codes, Ctrl+C, kill."""

import asyncio
import io
import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pypdf
import pytest

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.memory.store import Store
from tests.driving import ROOT, environment
from tests.end2end.test_terminal import NOWHERE, _command, _environment, _run
from tests.unit.exchange_helpers import turn_of, written


def _talk(name: str, count: int) -> tuple[Conversation, list[Turn]]:
    conversation = Conversation(name * 32, f"Talk {name}", created=1.76e9, updated=1.76e9, tags=["work"])
    turns: list[Turn] = []
    for number in range(count):
        turn = turn_of(number, conversation, turns[-1].id if turns else "", text=f"Answer {number} of {name}")
        turn.id = f"{number:012x}" + name * 20
        turn.parent = turns[-1].id if turns else ""
        turns.append(turn)
    conversation.leaf = turns[-1].id
    return conversation, turns


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two conversations."""

    async def fill() -> None:
        store = Store(tmp_path / "home" / "data")
        await store.open()
        talks = [_talk("a", 25), _talk("b", 2)]
        await store.save([c for c, _ in talks], [t for _, turns in talks for t in turns])
        await store.close()

    with environment(tmp_path / "home", NOWHERE):
        asyncio.run(fill())
    return tmp_path / "home"


def test_every_format_to_a_file_of_its_ending(home: Path, tmp_path: Path) -> None:
    for ending in ("md", "html", "pdf", "docx", "txt", "json"):
        done = _run(home, NOWHERE, "export", str(tmp_path / f"out.{ending}"))
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr.strip() == f"2 conversations with 27 turns written to {tmp_path / f'out.{ending}'}."
    text = (tmp_path / "out.md").read_text("utf-8")
    assert text.index("# Talk a") < text.index("# Talk b")
    assert len(pypdf.PdfReader(tmp_path / "out.pdf").outline) == 2
    assert zipfile.is_zipfile(tmp_path / "out.docx")
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))["format"] == "mirador-conversations"


def test_one_conversation_to_the_standard_output(home: Path) -> None:
    done = _run(home, NOWHERE, "export", "--format", "text", "--conversation", "bb", "--stages", "--confidences", "-")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Talk b" in done.stdout
    assert "82 % sure" in done.stdout
    assert "Talk a" not in done.stdout
    done = _run(home, NOWHERE, "export", "--format", "openwebui", "--all", "-")
    assert len(json.loads(done.stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-"], 2, "Name a format"),
        (["--format", "pdf", "-"], 2, "cannot be written to the standard output"),
        (["--format", "odt", "x"], 2, "invalid choice"),
        (["--final", "--stages", "x.md"], 2, "not allowed with"),
        (["--conversation", "zz", "x.md"], 1, "There is no conversation whose identifier begins with “zz”."),
        (["--format", "text", "/gone/x.txt"], 1, "There is no folder /gone."),
    ],
)
def test_what_is_wrong_has_its_exit_code_and_a_sentence(
    home: Path, arguments: list[str], code: int, words: str
) -> None:
    done = _run(home, NOWHERE, "export", *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_who_goes_away_gets_no_traceback(home: Path) -> None:
    command = " ".join((*_command("export", "--format", "html", "-"), "| head -c 10"))
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=_environment(home, NOWHERE), capture_output=True, timeout=60, check=False
    )
    assert done.stdout == b"<!DOCTYPE "
    assert done.stderr == b""


def test_round_trip_through_both_kinds_of_json(home: Path, tmp_path: Path) -> None:
    whole, chats = tmp_path / "a.json", tmp_path / "b.json"
    assert _run(home, NOWHERE, "export", str(whole)).returncode == 0
    assert _run(home, NOWHERE, "export", "--format", "openwebui", str(chats)).returncode == 0
    other = tmp_path / "other"
    done = _run(other, NOWHERE, "import", str(whole))
    assert (done.returncode, done.stdout) == (0, "Mirador: 2 conversations and 27 turns added.\n")
    again = _run(other, NOWHERE, "import", str(whole), str(chats))
    assert again.returncode == 0
    assert again.stdout.count("0 conversations and 0 turns added") == 2
    assert again.stdout.count("Already here: 2 conversations and 27 turns.") == 2
    assert _run(other, NOWHERE, "export", str(tmp_path / "c.json")).returncode == 0
    assert (tmp_path / "c.json").read_bytes() == whole.read_bytes()


def test_a_file_that_cannot_be_read_fails_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("[")
    good = tmp_path / "good.json"
    good.write_bytes(written("json", [_talk("a", 2)]))
    done = _run(
        tmp_path / "home", NOWHERE, "import", str(tmp_path / "bad.json"), str(good), str(tmp_path / "gone.json")
    )
    assert done.returncode == 1
    assert "1 conversation and 2 turns added" in done.stdout
    assert "bad.json: The file is not JSON that can be read: it ends too early." in done.stderr
    assert "gone.json cannot be read: No such file or directory." in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_import_that_is_stopped_changes_nothing(home: Path, tmp_path: Path, number: int, code: int) -> None:
    """The file is large, and the signal comes when it is open: a pipe in its place would be refused."""
    path = tmp_path / "large.json"
    conversation, turns = _talk("c", 40)
    one = io.BytesIO(written("json", [(conversation, turns)])).getvalue().decode()
    begin, end = one.index('{"id":"' + turns[0].id), one.rindex("]}\n]}")
    body = one[begin:end]
    with path.open("w") as file:
        file.write(one[:begin])
        for number_of in range(500):
            file.write(body.replace("c" * 20, f"{number_of:020x}") + ",\n")
        file.write(body.replace("c" * 20, "d" * 20) + one[end:])
    process = subprocess.Popen(
        _command("import", str(path)),
        cwd=ROOT,
        env=_environment(home, NOWHERE),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    opened = Path(f"/proc/{process.pid}/fd")
    while process.poll() is None and not _has_open(opened, path):
        pass
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, b"")
    done = _run(home, NOWHERE, "export", "--format", "json", "-")
    assert [c["title"] for c in json.loads(done.stdout)["conversations"]] == ["Talk a", "Talk b"]


def _has_open(folder: Path, path: Path) -> bool:
    try:
        return any(each.resolve() == path for each in folder.iterdir())
    except OSError:
        return False
