"""Titles that the quick model writes while nothing else is to do, in place of a question's first line."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

from mirador_desktop.assistant import Assistant, title_of
from mirador_desktop.core.conversation import Turn
from mirador_desktop.core.engine import ChatRequest, Message, ModelSource, Piece
from mirador_desktop.core.names import same_model
from mirador_desktop.core.prompts import DATA, quote
from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE
from mirador_desktop.core.title_text import cleaned
from mirador_desktop.errors import MiradorError

log = logging.getLogger(__name__)

PAUSE = 3.0
"""Seconds without an answer before a title is asked for."""
_PATIENCE = 60.0
_MOST_READ = 1500
_MOST_TOKENS = 40
_ROLE = (
    "Write a title for the conversation that begins with the question and answer below: what it is about, in at "
    f"most six words, in the language of the question. Write the title alone, without quotation marks. {DATA}"
)


class Titles:
    """Gives conversations titles after their first answer.

    A title that is not the question's first line any more (the person or an import wrote it) is never replaced.

    Args:
        loaded: the names of the models that are in memory now: no model is loaded for a title.
        on: whether the person wants titles.
        changed: called after a title was written.
    """

    def __init__(
        self,
        assistant: Assistant,
        source: ModelSource,
        loaded: Callable[[], set[str]],
        on: Callable[[], bool],
        pause: float = PAUSE,
    ) -> None:
        self._assistant, self._source, self._loaded, self._on, self._pause = assistant, source, loaded, on, pause
        self._waiting: list[Turn] = []
        self._news = asyncio.Event()
        self.changed: Callable[[], None] = lambda: None
        assistant.ended.add(self._answered)

    def _answered(self, turn: Turn) -> None:
        """An answer has ended: its conversation may get a title."""
        if not turn.parent and turn.reason == "done" and turn.pipeline != GUIDE_PIPELINE.name:
            self._waiting.append(turn)
            self._news.set()

    async def run(self) -> None:
        """Write titles for ever, one at a time, never while something is answered."""
        while True:
            await self._news.wait()
            await self._assistant.quiet()
            await asyncio.sleep(self._pause)
            if self._assistant.answering:
                continue
            turn = self._waiting.pop()
            if not self._waiting:
                self._news.clear()
            if not await self._title(turn):
                self._waiting.append(turn)
                self._news.set()

    async def _title(self, turn: Turn) -> bool:
        """Give one conversation a title; False if a question came between, so that it is to be tried again."""
        writing = asyncio.create_task(self.write(turn))
        asked = asyncio.create_task(self._assistant.asked())
        try:
            await asyncio.wait({writing, asked}, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            return writing.done() or not asked.done()
        finally:
            for task in (writing, asked):
                task.cancel()
            await asyncio.wait({writing, asked})

    async def write(self, turn: Turn) -> None:
        """Give the conversation that began with this turn a title, if it may have one. Never raises."""
        try:
            conversation = await self._assistant.open(turn.conversation)
            if conversation is None or conversation.title_by_person or conversation.title != title_of(turn.question):
                return
            title = await self._ask(turn) if self._on() else ""
            if await self._assistant.open(turn.conversation) is not conversation:
                return  # deleted meanwhile, or read anew after an import or a restored backup
            if title and not conversation.title_by_person and conversation.title == title_of(turn.question):
                conversation.title = title
                self._assistant.keep(conversation)
                self.changed()
        except MiradorError as error:
            log.info("A title was not written: %s", error)
        except Exception:
            log.exception("A title could not be written.")

    async def _ask(self, turn: Turn) -> str:
        model = self._model()
        engine = self._source.engine_of(model) if model else None
        if engine is None:
            return ""
        quoted = [quote("Question", turn.question[:_MOST_READ]), quote("Answer", turn.final_text[:_MOST_READ])]
        messages = (Message("system", _ROLE), Message("user", "\n\n".join(quoted)))
        request = ChatRequest(model, messages, 0.2, _MOST_TOKENS, "title", turn.question, think=False)
        text = ""
        async with aclosing(engine.chat(request)) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, Piece) and not chunk.thinking:
                    text += chunk.text
        return cleaned(text)

    def _model(self) -> str:
        """The quick stage's model, if it is in memory."""
        quick = next(iter(self._assistant.chosen(DEFAULT_PIPELINE).stages), None)
        name = quick.models[0] if quick is not None and quick.models else ""
        return name if any(same_model(name, loaded) for loaded in self._loaded()) else ""
