"""The door to the models: rows of several hosts, sorting, names, deleting, and models made of files."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.engine import EngineState, LoadedModel, ModelInfo
from mirador_desktop.core.manager import NewModel
from mirador_desktop.core.model_rows import (
    OnHost,
    Row,
    Use,
    context_words,
    matching,
    ordered,
    parameter_count,
    parameter_words,
    rows_of,
)
from mirador_desktop.errors import EngineUnreachable, ModelRefused
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import DEEPSEEK, LLAMA_3B, MISTRAL_7B, NOMIC, QWEN_14B
from tests.unit.helpers import until
from tests.unit.pull_helpers import GB, Doors, run_doors
from tests.unit.test_gguf import gguf

HERE, THERE = "this computer", "workstation"


@pytest.fixture
def sim() -> Iterator[Sim]:
    with Sim({"models": [LLAMA_3B, MISTRAL_7B, NOMIC]}) as running:
        yield running


@pytest.fixture
def other() -> Iterator[Sim]:
    with Sim({"models": [MISTRAL_7B, QWEN_14B, DEEPSEEK]}) as running:
        yield running


def names(doors: Doors) -> list[str]:
    return [row.name for row in doors.models.rows()]


def row_of(doors: Doors, name: str) -> Row:
    return next(row for row in doors.models.rows() if row.name == name)


def test_one_row_for_a_model_on_several_hosts(sim: Sim, other: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        doors.uses["llama3.2:3b"] = [Use("Progressive", "quick", 0)]
        await doors.models.prepare()
        assert names(doors) == [
            "deepseek-r1:8b", "llama3.2:3b", "mistral:7b", "nomic-embed-text:latest", "qwen2.5:14b"
        ]  # fmt: skip
        assert row_of(doors, "mistral:7b").hosts == (HERE, THERE)
        assert row_of(doors, "deepseek-r1:8b").labels == ("tools", "thinking")
        assert row_of(doors, "nomic-embed-text:latest").labels == ("embedding",)
        assert row_of(doors, "llama3.2:3b").uses[0].stage == "quick"
        size = (2.0 + 4.4 + 0.274 + 4.4 + 9.0 + 5.2) * GB
        digests = {p.info.digest for row in doors.models.rows() for p in row.places}
        assert len(digests) == 5
        assert doors.models.summary() == f"5 models on 2 hosts, {size / GB:.0f} GB on disk, 212 GB free"

    run_doors({HERE: sim.url, THERE: other.url}, tmp_path, work)


def test_the_summary_of_one_host_and_of_none(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        assert doors.models.summary() == "3 models on this computer, 6.7 GB on disk"
        sim.kill()
        await doors.registry.look()
        assert doors.models.summary() == "No host answers"
        assert doors.models.changeable() == []

    run_doors(sim.url, tmp_path, work)


def test_what_a_model_takes_in_memory_is_said() -> None:
    info = ModelInfo("a:1b", HERE)

    def words(size: int, gpu: int, expires: float | None) -> tuple[str, str]:
        loaded = LoadedModel("a:1b", HERE, size, gpu, expires)
        return Row("a:1b", (OnHost(HERE, info, loaded),)).memory_words(1000.0)

    assert words(2_800_000_000, 2_800_000_000, 1250.0) == ("2.8 GB · 100 % GPU", "4 min left")
    assert words(10 * GB, 8 * GB, None) == ("10.0 GB · 80 % GPU", "always")
    assert words(GB, 0, 1e11) == ("1.0 GB · CPU", "always")
    assert words(GB, 0, 999.0) == ("1.0 GB · CPU", "about to be unloaded")
    assert Row("a:1b", (OnHost(HERE, info),)).memory_words(0) == ("not loaded yet", "")
    assert Row("a:1b", (OnHost(HERE, info),), (), 4.2).memory_words(0) == ("loads in about 4 s", "")


def test_load_times_are_shown(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        doors.load_seconds["llama3.2:3b"] = 12.3
        assert row_of(doors, "llama3.2:3b").memory_words(0)[0] == "loads in about 12 s"
        assert row_of(doors, "mistral:7b").memory_words(0)[0] == "not loaded yet"

    run_doors(sim.url, tmp_path, work)


INFOS = st.builds(
    ModelInfo,
    name=st.text(st.characters(categories=["Ll"]), min_size=1, max_size=4),
    engine=st.just(HERE),
    size=st.integers(0, 5),
    parameters=st.sampled_from(["7B", "137M", "", "?"]),
    quantisation=st.sampled_from(["Q4_K_M", "F16", ""]),
    context=st.sampled_from([0, 2048, 8192]),
    capabilities=st.frozensets(st.sampled_from(["tools", "vision", "completion"])),
    modified=st.floats(0, 10),
)


@given(
    st.lists(INFOS, unique_by=lambda info: info.name),
    st.sampled_from(["name", "size", "parameters", "quantisation", "context", "can", "memory", "modified", "uses"]),
    st.booleans(),
)
def test_sorting_keeps_every_row_and_puts_the_unknown_last(
    infos: list[ModelInfo], column: Any, downwards: bool
) -> None:
    rows = rows_of({HERE: EngineState(True, models=tuple(infos))}, lambda model: (), lambda model: None)
    found = ordered(rows, column, downwards)
    assert sorted(r.name for r in found) == sorted(r.name for r in rows)
    if column == "size":
        known = [r.info.size for r in found if r.info.size]
        assert known == sorted(known, reverse=downwards)
        assert [r.info.size for r in found[len(known) :]] == [0] * (len(found) - len(known))
        same = [r.name.lower() for r in found if r.info.size == 3]
        assert same == sorted(same), "what is the same stays in the order of names"


def test_filtering_by_words_and_host() -> None:
    infos = (
        ModelInfo("llama3.2:3b", HERE, parameters="3.2B", capabilities=frozenset({"tools"})),
        ModelInfo("gemma3:12b", HERE, parameters="12B", capabilities=frozenset({"vision"})),
    )
    states = {HERE: EngineState(True, models=infos), THERE: EngineState(True, models=infos[:1])}
    uses = {"gemma3:12b": [Use("Progressive", "risk analysis", 1)]}
    rows = rows_of(states, lambda model: uses.get(model, []), lambda model: None)
    assert [r.name for r in matching(rows, "")] == ["gemma3:12b", "llama3.2:3b"]
    assert [r.name for r in matching(rows, "LLAMA tools")] == ["llama3.2:3b"]
    assert [r.name for r in matching(rows, "risk")] == ["gemma3:12b"]
    assert [r.name for r in matching(rows, "", THERE)] == ["llama3.2:3b"]
    assert matching(rows, "vision", THERE) == []


def test_numbers_in_words() -> None:
    assert [parameter_count(w) for w in ("7.6B", "137M", "3.2 B", "x", "")] == [7.6e9, 137e6, 3.2e9, None, None]
    assert [parameter_words(w) for w in ("7.6B", "137M", "", "x")] == ["7.6 B", "137 M", "", "x"]
    assert [context_words(n) for n in (131_072, 2048, 512, 0)] == ["128 K", "2 K", "512", ""]


# ── changing ───────────────────────────────────────────────────────────────────────────────────────────


def test_copy_rename_and_delete(sim: Sim, other: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        doors.preferences.change_model("mistral:7b", num_ctx=2048)
        await doors.models.copy(row_of(doors, "llama3.2:3b"), "second")
        assert "second:latest" in names(doors)
        await doors.models.rename(row_of(doors, "mistral:7b"), "renamed:7b")
        assert row_of(doors, "renamed:7b").hosts == (HERE, THERE)
        assert "mistral:7b" not in names(doors)
        assert doors.preferences.current.models["renamed:7b"].num_ctx == 2048
        assert "mistral:7b" not in doors.preferences.current.models
        await doors.models.delete(row_of(doors, "renamed:7b"), [THERE])
        assert row_of(doors, "renamed:7b").hosts == (HERE,)

    run_doors({HERE: sim.url, THERE: other.url}, tmp_path, work)


def test_a_name_that_is_wrong_or_taken_changes_nothing(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        row = row_of(doors, "llama3.2:3b")
        for name, why in (("a b", "a space"), ("mistral:7b", "has a model called"), ("", "A name is missing")):
            with pytest.raises(ModelRefused, match=why):
                await doors.models.copy(row, name)
            with pytest.raises(ModelRefused, match=why):
                await doors.models.rename(row, name)
            with pytest.raises(ModelRefused, match=why):
                await doors.models.make_variant(row, NewModel(name))
        assert "llama3.2:3b" in names(doors)

    run_doors(sim.url, tmp_path, work)
    assert [r["path"] for r in sim.requests() if r["path"] in ("/api/copy", "/api/delete", "/api/create")] == []


def test_renaming_deletes_nothing_when_a_copy_fails(sim: Sim, other: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        row = row_of(doors, "mistral:7b")
        other.kill()
        with pytest.raises(EngineUnreachable):
            await doors.models.rename(row, "renamed")
        await doors.registry.look()
        assert "mistral:7b" in names(doors)

    run_doors({HERE: sim.url, THERE: other.url}, tmp_path, work)
    assert sim.requests("/api/delete") == []


def test_deleting_goes_on_where_one_host_fails(sim: Sim, other: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        row = row_of(doors, "mistral:7b")
        sim.kill()
        with pytest.raises(EngineUnreachable):
            await doors.models.delete(row, [HERE, THERE])

    run_doors({HERE: sim.url, THERE: other.url}, tmp_path, work)
    assert len(other.requests("/api/delete")) == 1


def test_a_variant(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        row = row_of(doors, "llama3.2:3b")
        await doors.models.make_variant(row, NewModel("chef", system="You cook.", parameters={"temperature": 0.2}))
        details = await doors.models.show(row_of(doors, "chef:latest"))
        assert details.system == "You cook."

    run_doors(sim.url, tmp_path, work)


# ── models of files ────────────────────────────────────────────────────────────────────────────────────


def test_a_file_becomes_a_model_and_its_name_is_proposed(sim: Sim, tmp_path: Path) -> None:
    path = tmp_path / "My Model (best) Q4.gguf"
    path.write_bytes(gguf(data=3_000_000))

    async def work(doors: Doors) -> None:
        name, size = await doors.models.check_file(path)
        assert (name, size) == ("my-model--best--q4", path.stat().st_size)
        words: list[str] = []
        making = doors.models.make(path, name)
        doors.models.listen(lambda: words.append(making.words))
        await until(lambda: making.state != "running")
        assert making.error == ""
        assert doors.models.makings == []
        await until(lambda: f"{name}:latest" in names(doors))
        assert any("checksum, 3 of 3 MB" in w for w in words)
        assert any("sending 3 of 3 MB" in w for w in words)
        assert words[-1] == "success"
        doors.models.make(path, "again")
        await until(lambda: "again:latest" in names(doors))

    run_doors(sim.url, tmp_path, work)
    assert len([r for r in sim.requests() if r["path"].startswith("/api/blobs/") and r["method"] == "POST"]) == 1


def test_a_broken_file_is_refused_before_anything_is_sent(sim: Sim, tmp_path: Path) -> None:
    path = tmp_path / "page.gguf"
    path.write_bytes(b"<!DOCTYPE html>")

    async def work(doors: Doors) -> None:
        with pytest.raises(ModelRefused, match="a web page"):
            await doors.models.check_file(path)
        making = doors.models.make(path, "page")
        await until(lambda: making.state == "failed")
        assert "a web page" in making.error
        path.write_bytes(gguf())
        doors.models.retry(making)
        await until(lambda: making.state == "done")

    run_doors(sim.url, tmp_path, work)
    assert [r["method"] for r in sim.requests() if "/api/blobs/" in r["path"]] == ["HEAD", "POST"]


def test_making_can_be_stopped(sim: Sim, tmp_path: Path) -> None:
    path = tmp_path / "large.gguf"
    with path.open("wb") as file:
        file.write(gguf())
        file.truncate(64 << 30)

    async def work(doors: Doors) -> None:
        making = doors.models.make(path, "large")
        await until(lambda: making.share)
        doors.models.drop(making)
        assert doors.models.makings == []
        await until(lambda: not [t for t in asyncio.all_tasks() if t.get_name() == "make large"])

    run_doors(sim.url, tmp_path, work)
    assert [r for r in sim.requests() if "/api/blobs/" in r["path"]] == []


def test_without_a_host_nothing_is_made(tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        with pytest.raises(EngineUnreachable, match="Start Ollama"):
            doors.models.make(tmp_path / "x.gguf", "x")

    run_doors({HERE: "http://127.0.0.1:1"}, tmp_path, work)
