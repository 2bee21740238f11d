"""The settings while the program runs: what people wrote by hand stays, and nothing that is being kept jumps back."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop import preferences
from mirador_desktop.preferences import Preferences, save
from mirador_desktop.settings import ModelOptions, Settings, load

BY_HAND = """# mine
[[hosts]]
# the big one
address = "http://localhost:11434"
rack = 3

[[hosts]]
# the same by its other door
address = "http://localhost:11434"
kind = "openai"

[[hosts]]
address = "http://gpu:8000"  # to be corrected
kind = "olama"
"""


def written(tmp_path: Path, text: str) -> tuple[Path, Preferences]:
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    return path, Preferences(path, load(path)[0])


def test_two_hosts_of_one_address_stay_two(tmp_path: Path) -> None:
    path, mine = written(tmp_path, BY_HAND)
    first, second = mine.current.hosts
    mine.change(hosts=(replace(first, name="A"), replace(second, name="B")))
    mine.close()
    assert [(h.kind, h.name) for h in load(path)[0].hosts] == [("ollama", "A"), ("openai", "B")]


def test_what_cannot_be_read_is_not_deleted(tmp_path: Path) -> None:
    models = '[models."a"]\nnum_ctx = 3\n[models]\nb = 5\n'
    path, mine = written(tmp_path, BY_HAND + models)
    second = mine.current.hosts[1]
    mine.change(hosts=(second,))
    mine.change_model("c", num_thread=4)
    mine.close()
    text = path.read_text("utf-8")
    for words in ('address = "http://gpu:8000"  # to be corrected', 'kind = "olama"', "num_ctx = 3", "b = 5"):
        assert words in text
    assert load(path)[0].hosts == (second,)


def test_a_host_that_moved_keeps_the_comments_of_its_table(tmp_path: Path) -> None:
    path, mine = written(tmp_path, BY_HAND)
    first, second = mine.current.hosts
    mine.change(hosts=(replace(first, address="http://localhost:5000"), second))
    mine.close()
    text = path.read_text("utf-8")
    assert "# the big one" in text
    assert "rack = 3" in text
    assert text.index("http://localhost:5000") < text.index("http://localhost:11434")


@pytest.mark.parametrize("text", ["hosts = 5\n", "[hosts]\naddress = 1\n", "hosts = []\n", 'hosts = ["a", 5]\n'])
def test_hosts_of_another_shape_can_be_replaced(tmp_path: Path, text: str) -> None:
    path, mine = written(tmp_path, text)
    mine.on_complaint(lambda words: pytest.fail(words))
    mine.change(hosts=load_hosts(tmp_path))
    mine.close()
    assert [h.address for h in load(path)[0].hosts] == ["http://localhost:11434"] * 2


def load_hosts(tmp_path: Path) -> Any:
    other = tmp_path / "other.toml"
    other.write_text(BY_HAND, "utf-8")
    return load(other)[0].hosts


def test_a_name_by_hand_without_its_tag_is_the_same_model(tmp_path: Path) -> None:
    path, mine = written(tmp_path, "[models.llama3]\nnum_ctx = 4096\nmine = 1\n")
    assert mine.options_of("llama3:latest").num_ctx == 4096
    mine.change_model("llama3:latest", num_ctx=2048)
    mine.close()
    assert load(path)[0].models == {"llama3": ModelOptions(num_ctx=2048)}
    again = Preferences(path, load(path)[0])
    again.forget_model("llama3:latest")
    again.close()
    assert again.current.models == {}


def test_what_is_being_written_does_not_jump_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(path: Path, changes: dict[str, Any]) -> None:
        begun.set()
        go_on.wait(10)
        save(path, changes)

    monkeypatch.setattr(preferences, "save", slow)
    mine = Preferences(tmp_path / "settings.toml", Settings())
    moment = mine.moment
    mine.change(text_scale=1.5)
    assert begun.wait(10)
    mine.take(Settings())  # the file as it was before
    assert mine.current.text_scale == 1.5
    go_on.set()
    mine.close()
    assert mine.moment == moment + 2  # so that who read meanwhile reads again
    assert load(mine.path)[0].text_scale == 1.5
