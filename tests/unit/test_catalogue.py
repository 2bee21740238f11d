"""The catalogue, what fits a computer, and the recommended set for each size of memory."""

from pathlib import Path

import pytest

from mirador_desktop.core.catalogue import Catalogue, Entry, download, parse, together
from mirador_desktop.core.computer import Computer, fit_words, needs
from mirador_desktop.core.pull_names import wrong_name
from mirador_desktop.settings import resource_folder

GIB = 1 << 30
GB = 1_000_000_000


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return parse((resource_folder() / "models.toml").read_text("utf-8"))


def names(recommended: list[tuple[str, Entry]]) -> list[str]:
    return [entry.name for _, entry in recommended]


def test_every_entry_is_a_model_that_could_be_pulled(catalogue: Catalogue) -> None:
    assert 30 <= len(catalogue.entries) <= 40
    assert len({entry.name for entry in catalogue.entries}) == len(catalogue.entries)
    for entry in catalogue.entries:
        assert wrong_name(entry.name) == ""
        assert 10_000_000 < entry.size < 200 * GB
        assert set(entry.can) <= {"tools", "thinking", "vision", "embedding"}
        assert entry.context >= 256
        assert 10 < len(entry.good_for) < 60
        assert entry.licence


def test_an_entry_is_found_with_and_without_its_tag(catalogue: Catalogue) -> None:
    assert catalogue.size("nomic-embed-text:latest") == catalogue.size("nomic-embed-text") == 274_000_000
    assert catalogue.size("library/gpt-oss:20b") == 14 * GB
    assert catalogue.size("somebody/else") == 0


@pytest.mark.parametrize(
    ("memory", "gpu", "expected"),
    [
        (2, 0, ["qwen2.5:0.5b", "qwen2.5:0.5b", "qwen2.5:0.5b"]),
        (4, 0, ["llama3.2:1b", "llama3.2:1b", "llama3.2:1b"]),
        (8, 0, ["llama3.2:1b", "gemma3:4b", "gemma3:4b"]),
        (12, 0, ["llama3.2:1b", "llama3.2:3b", "gemma3:4b"]),
        (16, 0, ["llama3.2:3b", "qwen2.5:7b", "llama3.1:8b"]),
        (24, 0, ["llama3.2:3b", "qwen2.5:7b", "gemma3:12b"]),
        (32, 0, ["llama3.2:3b", "gemma3:12b", "gpt-oss:20b"]),
        (64, 0, ["gemma3:4b", "gpt-oss:20b", "qwen3:30b"]),
        (128, 0, ["gemma3:4b", "qwen3:30b", "gpt-oss:120b"]),
        (16, 4, ["llama3.2:3b", "qwen2.5:7b", "llama3.1:8b"]),
        (16, 6, ["llama3.2:1b", "gemma3:4b", "gemma3:4b"]),
        (16, 8, ["llama3.2:3b", "qwen2.5:7b", "qwen2.5:7b"]),
        (32, 12, ["llama3.2:3b", "gemma3:4b", "qwen2.5:7b"]),
        (32, 16, ["llama3.2:3b", "qwen2.5:7b", "llama3.1:8b"]),
        (64, 24, ["llama3.2:3b", "qwen2.5:7b", "gpt-oss:20b"]),
        (64, 48, ["gemma3:4b", "gpt-oss:20b", "qwen3:32b"]),
        (128, 80, ["qwen2.5:7b", "qwen3:32b", "llama3.3:70b"]),
    ],
)
def test_a_set_for_each_computer(catalogue: Catalogue, memory: int, gpu: int, expected: list[str]) -> None:
    # What systems report is a little less than what is on the box.
    found = catalogue.recommended(int(memory * GIB * 0.965), int(gpu * GIB * 0.995))
    assert [stage for stage, _ in found] == ["quick", "deep", "synthesis"]
    assert names(found) == expected


@pytest.mark.parametrize("gpu", [0, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 80, 160])
@pytest.mark.parametrize("memory", [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256])
def test_the_set_fits_together_so_that_all_stay_loaded(catalogue: Catalogue, memory: int, gpu: int) -> None:
    found = [entry for _, entry in catalogue.recommended(memory * GIB, gpu * GIB)]
    room = gpu * GIB if gpu >= 6 else Computer(memory * GIB).room
    assert together(found) <= room
    sizes = [entry.size for entry in found]
    assert sizes == sorted(sizes), "the smallest answers first, the largest last"


def test_unknown_memory_gets_an_ordinary_set(catalogue: Catalogue) -> None:
    assert names(catalogue.recommended(0, 0)) == names(catalogue.recommended(8 * GIB, 0))
    assert Catalogue().recommended(8 * GIB, 0) == []


def test_a_model_that_stands_twice_counts_once(catalogue: Catalogue) -> None:
    entry = catalogue.entries[0]
    assert together([entry, entry]) == entry.needs == needs(entry.size)
    assert download([entry, entry]) == entry.size


@pytest.mark.parametrize(
    ("size", "computer", "words"),
    [
        (5, Computer(16 * GIB, 8 * GIB), "fits the GPU"),
        (9, Computer(16 * GIB, 8 * GIB), "fits in memory, slower"),
        (9, Computer(16 * GIB), "fits in memory"),
        (36, Computer(16 * GIB), "too large: needs 43 GB, this computer has 16"),
        (20, Computer(32 * GIB, 24 * GIB, unified=True), "fits the GPU"),
        (26, Computer(32 * GIB, 24 * GIB, unified=True), "fits in memory, slower"),
        (28, Computer(32 * GIB, 24 * GIB, unified=True), "too large: needs 34 GB, this computer has 32"),
        (9, Computer(0), ""),
    ],
)
def test_whether_a_model_fits_is_said_in_words(size: int, computer: Computer, words: str) -> None:
    assert fit_words(size * GB, computer) == words


@pytest.mark.parametrize("text", ["", "model = 3", "[[model]]\nname = 'x'", "[[set]]\nfor = 'gpu'", "=", "x = 1"])
def test_a_broken_catalogue_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse(text)


def test_the_file_is_where_it_should_be() -> None:
    assert Path(resource_folder() / "models.toml").is_file()
