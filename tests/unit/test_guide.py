"""The guide as an engine: what it finds, what it does not know, and how its stages differ."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirador_desktop.core.engine import Done, Piece
from mirador_desktop.engines.guide import Guide
from mirador_desktop.errors import EngineError
from tests.unit.helpers import GUIDE, chat_request, guide_in

T = TypeVar("T")


def with_guide(folder: Path, work: Callable[[Guide], Coroutine[Any, Any, T]]) -> T:
    async def main() -> T:
        guide = guide_in(folder)
        try:
            return await work(guide)
        finally:
            await guide.close()
            await guide.close()

    return asyncio.run(main())


async def said(guide: Guide, question: str, stage: str = "quick") -> tuple[str, str]:
    """The text of one stage, and how it ended."""
    chunks = [chunk async for chunk in guide.chat(chat_request("guide", question, stage=stage))]
    end = chunks.pop()
    assert isinstance(end, Done)
    pieces = [chunk for chunk in chunks if isinstance(chunk, Piece)]
    assert len(pieces) == len(chunks) == end.tokens
    assert all(p.logprob is None and not p.thinking for p in pieces)
    return "".join(p.text for p in pieces), end.reason


def test_a_look_finds_one_model_that_answers_each_stage(tmp_path: Path) -> None:
    async def work(guide: Guide) -> None:
        state = await guide.look()
        assert state.reachable
        (model,) = state.models
        assert model.can_chat
        assert "stages" in model.capabilities
        await guide.preload("guide")
        await guide.unload("guide")

    with_guide(tmp_path, work)


def test_the_stages_differ(tmp_path: Path) -> None:
    async def work(guide: Guide) -> None:
        question = "How do I pull a model from the library?"
        quick, _ = await said(guide, question, "quick")
        deep, _ = await said(guide, question, "deep")
        synthesis, reason = await said(guide, question, "synthesis")
        assert "To get a model, pull it from the library." in quick
        assert "##" not in quick
        assert deep.startswith("## Models › Get a model\n\nTo get a model")
        assert synthesis.startswith(
            "**Models › Get a model**\n\n1. Open Settings and choose Models.\n2. Type `llama3.2` and press Pull."
        )
        assert reason == "done"
        assert (await said(guide, question, "own name"))[0] == deep

    with_guide(tmp_path, work)


def test_the_best_section_comes_first(tmp_path: Path) -> None:
    async def work(guide: Guide) -> None:
        deep, _ = await said(guide, "How can I remove models to free the disk?", "deep")
        assert deep.startswith("## Models › Remove a model")
        tint, _ = await said(guide, "what are tinted words", "quick")
        assert tint.startswith("Unsure words are tinted. The tint shows the probability that the model gave a word.")
        no_steps, _ = await said(guide, "tinted unsure words", "synthesis")
        assert no_steps.startswith("**Models › Confidence**\n\nUnsure words are tinted.")

    with_guide(tmp_path, work)


@pytest.mark.parametrize("question", ["What is the capital of France?", "", "why is it so", "????", "___", '" OR *'])
def test_what_it_does_not_know_it_says(tmp_path: Path, question: str) -> None:
    async def work(guide: Guide) -> None:
        for stage in ("quick", "deep", "synthesis"):
            text, reason = await said(guide, question, stage)
            assert reason == "nothing"
            assert "nothing on this question" in text
            assert "1. Open Settings and choose Models." in text

    with_guide(tmp_path, work)


def test_every_word_of_an_answer_stands_in_the_guide(tmp_path: Path) -> None:
    async def work(guide: Guide) -> None:
        for stage in ("quick", "deep", "synthesis"):
            text, _ = await said(guide, "How do I remove a model from the disk?", stage)
            assert set(text.replace("**", "").split()) - {"›", "##"} <= set(GUIDE.split())

    with_guide(tmp_path, work)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_every_question_is_answered(tmp_path_factory: pytest.TempPathFactory, question: str) -> None:
    async def work(guide: Guide) -> None:
        for stage in ("quick", "synthesis"):
            text, reason = await said(guide, question, stage)
            assert text
            assert reason in ("done", "nothing")

    with_guide(tmp_path_factory.getbasetemp() / "any", work)


def test_several_at_once(tmp_path: Path) -> None:
    async def work(guide: Guide) -> None:
        answers = await asyncio.gather(*(said(guide, "How do I get a model?", "deep") for _ in range(20)))
        assert len(set(answers)) == 1

    with_guide(tmp_path, work)


def test_pages_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    async def main() -> None:
        for folder in (tmp_path / "none", tmp_path / "empty", tmp_path / "broken"):
            guide = Guide(folder)
            state = await guide.look()
            assert not state.reachable
            assert state.error.startswith("The guide cannot be read: ")
            with pytest.raises(EngineError, match="guide cannot be read"):
                await said(guide, "model")
            await guide.close()

    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "page.md").write_text("# Only a heading\n")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "page.md").write_bytes(b"# \xff\xfe")
    asyncio.run(main())


def test_a_guide_without_steps_or_models(tmp_path: Path) -> None:
    async def work(guide: Guide) -> None:
        text, _ = await said(guide, "France")
        assert text.endswith("To get a model (Start):\n\nBegin here. It is short.")
        assert await said(guide, "begin here short", "synthesis") == ("**Start**\n\nBegin here. It is short.", "done")

    tmp_path.joinpath("first.md").write_text("# Start\nBegin here. It is short.\n")
    guide_in(tmp_path / "other")

    async def main() -> None:
        guide = Guide(tmp_path)
        await work(guide)
        await guide.close()

    asyncio.run(main())
