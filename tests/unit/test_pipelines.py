"""The door to pipelines: presets, changes, files in the folder, what is wrong with them, and what is undone."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE, ModelStage, Pipeline
from mirador_desktop.errors import PipelineError
from mirador_desktop.exchange.pipeline_file import read, write
from mirador_desktop.pipelines import Pipelines
from mirador_desktop.settings import resource_folder

PRESETS = ["Progressive", "One model", "Compare", "Council", "Code review", "Decision", "Writing", "Financial"]
MINE = Pipeline("Contract review", (ModelStage("read", ("a:1b",)), ModelStage("judge", fallback_models=("b",))))


def opened(folder: Path) -> Pipelines:
    """The door, after its first look at the folders."""
    pipelines = Pipelines(folder, resource_folder() / "pipelines")
    pipelines.complaints = []  # type: ignore[attr-defined]
    pipelines.on_complaint(pipelines.complaints.append)  # type: ignore[attr-defined]
    asyncio.run(pipelines.reload())
    return pipelines


def complaints(pipelines: Pipelines) -> list[str]:
    found: list[str] = pipelines.complaints  # type: ignore[attr-defined]
    return found


def again(pipelines: Pipelines) -> Pipelines:
    """What another start finds."""
    pipelines.close()
    return opened(pipelines.folder)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def with_stage(pipeline: Pipeline, place: int, **changes: Any) -> Pipeline:
    stages = list(pipeline.stages)
    stages[place] = replace(stages[place], **changes)
    return replace(pipeline, stages=tuple(stages))


def own(pipelines: Pipelines) -> list[str]:
    return [e.name for e in pipelines.entries() if e.preset is None]


# Presets


def test_before_the_first_look_there_is_the_default(tmp_path: Path) -> None:
    pipelines = Pipelines(tmp_path / "none", tmp_path / "nothing")
    assert pipelines.all() == (DEFAULT_PIPELINE, GUIDE_PIPELINE)
    asyncio.run(pipelines.reload())
    assert pipelines.all() == (DEFAULT_PIPELINE, GUIDE_PIPELINE)
    assert files(tmp_path) == []


def test_the_presets_are_there_and_found_by_name(tmp_path: Path) -> None:
    pipelines = opened(tmp_path / "pipelines")
    assert pipelines.names == [*PRESETS, "Guide"]
    assert not any(e.changed or e.file or e.problem for e in pipelines.entries())
    found = pipelines.get(" financial ")
    assert found is not None
    assert found.name == "Financial"
    assert pipelines.get("nobody") is None
    assert files(tmp_path) == []


def test_a_changed_preset_is_kept_and_restored(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    financial = pipelines.get("Financial")
    assert financial is not None
    changed = with_stage(financial, 0, temperature=0.9)
    pipelines.save(changed)
    assert pipelines.get("financial") == changed

    pipelines = again(pipelines)
    entry = pipelines.entry("Financial")
    assert entry is not None
    assert (entry.changed, entry.pipeline, entry.preset) == (True, changed, financial)
    assert entry.file == tmp_path / "financial.toml"
    assert "# A preset of Mirador" in entry.text, "the comments of the preset stay"
    assert [e.name for e in pipelines.entries()] == PRESETS

    before = pipelines.restore("Financial")
    assert pipelines.get("Financial") == financial
    pipelines = again(pipelines)
    assert pipelines.get("Financial") == financial
    assert files(tmp_path) == []
    pipelines.put_back(before)
    assert again(pipelines).get("Financial") == changed


def test_a_preset_that_is_changed_back_by_hand_is_not_changed(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    preset = pipelines.all()[0]
    pipelines.save(with_stage(preset, 0, max_tokens=300))
    pipelines.save(preset)
    pipelines = again(pipelines)
    assert files(tmp_path) == []
    assert not pipelines.entries()[0].changed


def test_a_preset_keeps_its_name_and_stays(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    with pytest.raises(PipelineError, match="keeps its name"):
        pipelines.rename("Council", "Mine")
    with pytest.raises(PipelineError, match="not a pipeline of yours"):
        pipelines.delete("Council")
    with pytest.raises(PipelineError, match="not a preset"):
        pipelines.restore("nobody")


# The person's own


def test_new_duplicate_rename_delete_and_undo(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    told: list[list[str]] = []
    pipelines.listen(lambda: told.append(own(pipelines)))
    assert pipelines.new().name == "New pipeline"
    assert pipelines.new().name == "New pipeline 2"
    assert pipelines.duplicate("Council").name == "Council 2"
    pipelines.rename("new pipeline", "  Contract   review ")
    assert told[-1] == ["Contract review", "Council 2", "New pipeline 2"]
    pipelines = again(pipelines)
    assert files(tmp_path) == ["contract-review.toml", "council-2.toml", "new-pipeline-2.toml"]
    assert own(pipelines) == ["Contract review", "Council 2", "New pipeline 2"]

    gone = pipelines.delete("contract review")
    assert own(pipelines) == ["Council 2", "New pipeline 2"]
    pipelines = again(pipelines)
    assert "contract-review.toml" not in files(tmp_path)
    pipelines.put_back(gone)
    pipelines = again(pipelines)
    assert own(pipelines)[0] == "Contract review"
    assert pipelines.get("Contract review") == gone.pipeline
    assert not complaints(pipelines)


def test_undo_right_after_deleting(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    pipelines.take(MINE)
    for _ in range(5):
        pipelines.put_back(pipelines.delete(MINE.name))
    pipelines = again(pipelines)
    assert pipelines.get(MINE.name) == MINE
    assert files(tmp_path) == ["contract-review.toml"]


@pytest.mark.parametrize("name", ["", "x" * 61, "guide", "Progressive", "Council", "a\nb"[:1] + "\u202e"])
def test_names_that_are_refused(tmp_path: Path, name: str) -> None:
    pipelines = opened(tmp_path)
    pipelines.take(MINE)
    with pytest.raises(PipelineError):
        pipelines.rename(MINE.name, name)
    assert own(pipelines) == [MINE.name]


def test_what_is_wrong_is_not_kept(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    pipelines.take(MINE)
    with pytest.raises(PipelineError, match=r"stages\.1\.temperature is 3"):
        pipelines.save(with_stage(MINE, 0, temperature=3))
    with pytest.raises(PipelineError, match="any more"):
        pipelines.save(replace(MINE, name="gone"))
    assert again(pipelines).get(MINE.name) == MINE


# Files of others and by hand


def test_a_file_from_elsewhere_is_read_and_only_then_taken(tmp_path: Path) -> None:
    pipelines = opened(tmp_path / "own")
    asyncio.run(pipelines.export("Council", tmp_path / "council.toml"))
    shown = asyncio.run(pipelines.read_file(tmp_path / "council.toml"))
    assert shown == pipelines.get("Council")
    assert own(pipelines) == []
    assert pipelines.take(shown).name == "Council 2"
    assert pipelines.get("Council 2") == replace(shown, name="Council 2")
    with pytest.raises(PipelineError, match="cannot be written"):
        asyncio.run(pipelines.export("Council", tmp_path / "missing" / "x.toml"))
    for bad in (tmp_path, tmp_path / "gone.toml"):
        with pytest.raises(PipelineError, match="not there"):
            asyncio.run(pipelines.read_file(bad))
    pipelines.close()


def test_broken_files_are_named_and_do_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "x"\n[[stages]]\nname = "A"', "utf-8")
    (tmp_path / "b.toml").write_bytes(b"\xff\x00")
    (tmp_path / "c.toml").mkdir()
    (tmp_path / "financial.toml").write_text("stages = 1", "utf-8")
    (tmp_path / "mine.toml").write_text(write(MINE), "utf-8")
    (tmp_path / "mine-again.toml").write_text(write(MINE), "utf-8")
    (tmp_path / "notes.txt").write_text("not one of them", "utf-8")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    pipelines = opened(tmp_path)
    assert own(pipelines) == [MINE.name, "a.toml", "b.toml", "c.toml", "financial.toml", "mine.toml"]
    problems = dict(zip(["a", "b", "c", "financial", "mine"], pipelines.problems, strict=True))
    assert "a.toml: stages.1.name is 'A', expected is 1 to 40 lower-case" in problems["a"]
    assert "not a text" in problems["b"]
    assert "is no file" in problems["c"]
    assert "name is None" in problems["financial"]
    assert "which" in problems["mine"]
    assert "mine-again.toml has" in problems["mine"]
    assert all(p.endswith("left as it is.") for p in pipelines.problems)
    assert pipelines.get("Financial") is not None

    financial = pipelines.get("Financial")
    assert financial is not None
    pipelines.save(with_stage(financial, 0, max_tokens=50))  # the broken file is not overwritten
    again(pipelines)
    assert (tmp_path / "financial-2.toml").exists()
    assert before == {name: (tmp_path / name).read_bytes() for name in before}


def test_changes_by_hand_are_noticed(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    told: list[None] = []
    pipelines.listen(lambda: told.append(None))
    pipelines.take(MINE)
    asyncio.run(pipelines.reload())
    assert len(told) == 1, "what is as it was is nothing new"
    path = tmp_path / "contract-review.toml"
    path.write_text("# by hand\n" + path.read_text("utf-8").replace("200", "300"), "utf-8")
    asyncio.run(pipelines.reload())
    found = pipelines.get(MINE.name)
    assert found is not None
    assert [s.max_tokens for s in found.stages] == [300, 300]
    pipelines.save(with_stage(found, 1, think=False))
    pipelines = again(pipelines)
    assert path.read_text("utf-8").startswith("# by hand")
    path.unlink()
    asyncio.run(pipelines.reload())
    assert own(pipelines) == []


def test_a_file_broken_by_hand_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    pipelines.take(MINE)
    pipelines = again(pipelines)
    (tmp_path / "contract-review.toml").write_text("name = half", "utf-8")
    pipelines.save(with_stage(MINE, 0, max_tokens=50))
    pipelines.close()
    assert (tmp_path / "contract-review.toml").read_text("utf-8") == "name = half"
    assert "was not written" in complaints(pipelines)[0]


def test_a_file_somebody_made_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    (tmp_path / "contract-review.toml").write_text(write(DEFAULT_PIPELINE), "utf-8")
    pipelines.take(MINE)
    pipelines.close()
    assert read((tmp_path / "contract-review.toml").read_text("utf-8")) == DEFAULT_PIPELINE
    assert "there already" in complaints(pipelines)[0]


def test_what_cannot_be_written_is_said_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "pipelines"
    folder.write_text("a file where a folder should be", "utf-8")
    pipelines = opened(folder)
    pipelines.take(MINE)
    asyncio.run(pipelines.reload())
    assert pipelines.get(MINE.name) == MINE, "it is not lost while it cannot be written"
    assert "Your change is not kept yet" in complaints(pipelines)[0]
    folder.unlink()
    pipelines.take(replace(MINE, name="Other"))
    assert own(again(pipelines)) == ["Contract review", "Other"]


def test_many_changes_at_once_end_with_the_last(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    pipelines.take(MINE)
    for tokens in range(100, 160):
        pipelines.save(with_stage(MINE, 0, max_tokens=tokens))
    found = again(pipelines).get(MINE.name)
    assert found is not None
    assert found.stages[0].max_tokens == 159
    shutil.rmtree(tmp_path)


def test_a_change_while_the_folder_is_read_stays(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)

    async def main() -> None:
        reading = asyncio.create_task(pipelines.reload())
        await asyncio.sleep(0)
        pipelines.take(MINE)
        await reading

    run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run
    run(main())
    assert own(pipelines) == [MINE.name]
    pipelines.close()


def test_a_listener_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    pipelines = opened(tmp_path)
    heard: list[str] = []

    def fails() -> None:
        raise ValueError("odd")

    pipelines.listen(fails)
    pipelines.listen(lambda: heard.append("yes"))
    pipelines.new()
    assert heard == ["yes"]
    pipelines.close()
