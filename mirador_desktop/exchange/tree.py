"""Messages of other programs as turns.

Other programs keep a tree of messages, each by a person, a model, or something else. Here a turn is a question with
what came back, so:

- A message of a person begins a turn. The messages of models behind it, up to the next one of a person, are its
  answer, joined where there are several in a row (a model that used a tool wrote before and after).
- Where the answer was made again, there is a branch: a turn with the same question for each way through the answers.
  Answers that a program shows side by side are answers of one turn, the last of which is the one that the
  conversation went on from; where it went on from several, each of them is a turn.
- A message of a person that nobody answered is a turn without an answer. Messages of models before any of a person
  are a turn with an empty question.
- Instructions (a system prompt) are attached to the first turn as a file.

Links that lead nowhere or round in circles are cut; what hangs on them begins at the root.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mirador_desktop.core.analysis import analyse
from mirador_desktop.core.conversation import Answer, Attachment, Conversation, StageRecord, Turn
from mirador_desktop.exchange.imported import foreign_id

STAGE = "answer"
"""The one stage of an imported turn."""


@dataclass(slots=True)
class Message:
    """One message of another program.

    Attributes:
        by_person: whether it begins a turn.
        when: Unix time, None if it is not known.
        side_by_side: in a question: whether answers of different models to it are shown together.
        slot: in an answer: which of the answers side by side it is; a second one for it is a branch.
        merged: in an answer: what a model made of it and those beside it, which the program shows in place of it.
        turn_id: in a question: the identifier of its turn, where that is known.
        skip: it is only a link: what follows it follows what stands before it.
    """

    id: str
    parent: str
    by_person: bool
    text: str = ""
    thinking: str = ""
    model: str = ""
    when: float | None = None
    error: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    side_by_side: bool = False
    tokens: int = 0
    tokens_per_second: float | None = None
    first_token: float | None = None
    thinking_seconds: float | None = None
    stopped: bool = False
    skip: bool = False
    slot: str = ""
    merged: str = ""
    turn_id: str = ""


class TooLarge(Exception):
    """A conversation would take far more room here than in its file."""


Way = tuple[Message, ...]
"""Messages of models in a row."""

_MOST_IN_WAYS = 50_000
"""Messages in all ways through the answers to one question together; one beyond that is only what no other has."""
_MOST_CHARACTERS = 200_000_000


@dataclass(slots=True)
class _Builder:
    conversation: Conversation
    program: str
    key: str
    by_id: Mapping[str, Message]
    children: Mapping[str, Sequence[str]]
    current: str
    turns: list[Turn] = field(default_factory=list)
    turn_of: dict[str, str] = field(default_factory=dict)  # message to the turn it went into
    times: dict[str, float] = field(default_factory=dict)
    characters: int = 0


def turns_of(
    conversation: Conversation,
    program: str,
    key: str,
    messages: Sequence[Message],
    current: str,
    instructions: str = "",
) -> list[Turn]:
    """The turns of a conversation, those before others first; sets the conversation's `leaf`.

    Args:
        key: the other program's identifier of the conversation.
        messages: in the order in which siblings were written.
        current: the last message that is shown, "" if that is not known.

    Raises:
        TooLarge: questions and answers are repeated in so many branches that they would fill the disk.
    """
    by_id = {message.id: message for message in messages}
    current = _kept(by_id, current, {})
    by_id, children, roots = _links(by_id)
    builder = _Builder(conversation, program, key, by_id, children, current)
    waiting: list[tuple[str, str]] = [(root, "") for root in reversed(roots)]
    heads = [root for root in roots if not by_id[root].by_person]
    if heads:  # without a question
        waiting = [(root, "") for root in reversed(roots) if by_id[root].by_person]
        waiting += _add(builder, None, heads, "", conversation.created)
    while waiting:
        message_id, parent = waiting.pop()
        message = by_id[message_id]
        before = builder.times.get(parent, conversation.created)
        waiting += _add(builder, message, children.get(message_id, ()), parent, before)
    if instructions and builder.turns:
        size = len(instructions.encode("utf-8", "replace"))
        note = Attachment("Instructions.txt", "text/plain", size, max(1, size // 4), text=instructions)
        for turn in builder.turns:
            if not turn.parent:
                turn.attachments.insert(0, note)
    leaf = builder.turn_of.get(current, "")
    conversation.leaf = leaf or (_newest(builder.turns) if builder.turns else "")
    return builder.turns


def _kept(by_id: Mapping[str, Message], key: str, known: dict[str, str]) -> str:
    """The message itself, or the first one before it that is not only a link; "" if there is none."""
    passed: list[str] = []
    while key in by_id and by_id[key].skip and key not in known:
        known[key] = ""  # a circle of links leads nowhere
        passed.append(key)
        key = by_id[key].parent
    found = known.get(key, key if key in by_id else "")
    known.update(dict.fromkeys(passed, found))
    return found


def _links(every: Mapping[str, Message]) -> tuple[dict[str, Message], dict[str, list[str]], list[str]]:
    """What is kept, what follows each message, and what stands at the root; every message is reached exactly once."""
    by_id = {key: message for key, message in every.items() if not message.skip}
    children: dict[str, list[str]] = {}
    roots: list[str] = []
    known: dict[str, str] = {}
    for message in by_id.values():
        message.parent = _kept(every, message.parent, known)
        if message.parent in by_id and message.parent != message.id:
            children.setdefault(message.parent, []).append(message.id)
        else:
            roots.append(message.id)
    seen: set[str] = set()

    def walk(start: str) -> None:
        waiting = [start]
        while waiting:
            found = waiting.pop()
            seen.add(found)
            waiting += (each for each in children.get(found, ()) if each not in seen)

    for root in roots:
        walk(root)
    for message in by_id.values():
        if message.id not in seen:  # a circle: cut in front of this one
            children[message.parent].remove(message.id)
            roots.append(message.id)
            walk(message.id)
    return by_id, children, roots


def _add(
    builder: _Builder, question: Message | None, first: Iterable[str], parent: str, before: float
) -> list[tuple[str, str]]:
    """Add the turns of one question. Returns the questions that follow, the last one first, with their parents."""
    ways = _ways(builder, [each for each in first if not builder.by_id[each].by_person])
    marks: dict[int, tuple[int, Message]] = {}  # of each way its number, and the first message that none before has
    seen: set[str] = set()
    for number, way in enumerate(ways):
        marks[id(way)] = number, next((m for m in way if m.id not in seen), way[0])
        seen.update(m.id for m in way)
    groups = _side_by_side(builder, ways) if question is not None and question.side_by_side else [[w] for w in ways]
    following: list[tuple[str, str]] = []
    asked = question.when if question is not None and question.when is not None else None
    base = asked if asked is not None else before
    for place, group in enumerate(groups or [[]]):
        mark = min(marks[id(way)] for way in group)[1] if group else None
        made = mark.when if mark is not None else None
        seconds = base if place == 0 or made is None else made
        named = mark.id if mark is not None and (place or question is None) else ""
        turn = _turn(builder, question, group, parent, seconds, named)
        builder.turns.append(turn)
        builder.characters += turn.characters + sum(len(a.text) + len(a.data or b"") for a in turn.attachments)
        if builder.characters > _MOST_CHARACTERS:
            raise TooLarge
        builder.times[turn.id] = seconds
        for way in group:
            for message in way:
                builder.turn_of.setdefault(message.id, turn.id)
        if place == 0 and question is not None:
            builder.turn_of[question.id] = turn.id
    starts = [question.id] if question is not None else []
    for key in dict.fromkeys([*starts, *(m.id for way in ways for m in way)]):
        following += ((each, builder.turn_of[key]) for each in _questions(builder, key))
    return following[::-1]


def _questions(builder: _Builder, key: str) -> list[str]:
    """What the person asked next."""
    return [each for each in builder.children.get(key, ()) if builder.by_id[each].by_person]


def _ways(builder: _Builder, first: Sequence[str]) -> list[Way]:
    """Every way from the first messages of models to the last ones."""
    ways: list[Way] = []
    path: list[Message] = []
    left, fresh = _MOST_IN_WAYS, 0  # what stands in `path` before `fresh` is in a way already
    waiting: list[tuple[str, int]] = [(each, 0) for each in reversed(first)]
    while waiting:
        key, depth = waiting.pop()
        fresh = min(fresh, depth)
        del path[depth:]
        path.append(builder.by_id[key])
        on = [each for each in builder.children.get(key, ()) if not builder.by_id[each].by_person]
        if on:
            waiting += [(each, depth + 1) for each in reversed(on)]
        else:
            way = tuple(path) if not ways or left >= len(path) else tuple(path[fresh:])
            left -= len(way)
            ways.append(way)
            fresh = len(path)
    return ways


def _side_by_side(builder: _Builder, ways: Sequence[Way]) -> list[list[Way]]:
    """The first answer in each place stands beside the others; a second one begins the next branch."""
    groups: list[list[Way]] = []
    seen: dict[str, int] = {}
    for way in ways:
        slot = way[0].slot or way[0].model
        place = seen.get(slot, 0)
        seen[slot] = place + 1
        while len(groups) <= place:
            groups.append([])
        groups[place].append(way)
    return [each for group in groups for each in _gone_on_from(builder, group)]


def _gone_on_from(builder: _Builder, group: list[Way]) -> Iterator[list[Way]]:
    """Answers side by side, last the one that the conversation went on from first; others of that kind follow."""
    by_id = builder.by_id
    asked = {id(way): [each for m in way for each in _questions(builder, m.id)] for way in group}
    went_on = [way for way in group if asked[id(way)]]
    if not went_on:
        went_on = [way for way in group if any(m.id == builder.current for m in way)]
    went_on.sort(key=lambda way: min((by_id[each].when or 0.0 for each in asked[id(way)]), default=0.0))
    apart = {id(way) for way in went_on}
    yield [way for way in group if id(way) not in apart] + went_on[:1]
    yield from ([way] for way in went_on[1:])


def _turn(
    builder: _Builder, question: Message | None, group: Sequence[Way], parent: str, seconds: float, named: str
) -> Turn:
    text = question.text if question is not None else ""
    reading = analyse(text)
    names = [builder.program, builder.key, question.id if question is not None else "", named]
    own = question.turn_id if question is not None and not named else ""
    answers = [answer for way in group for answer in _answers(way)]
    if len(answers) > 1 and answers[-1].text and any(_questions(builder, message.id) for message in group[-1]):
        answers[-1].reason = "done"  # also if it was stopped: it is the one that stands for the turn
    attachments = list(question.attachments) if question is not None else []
    attachments += [each for way in group for message in way for each in message.attachments]
    error = next((a.error for a in answers if a.error), "")
    has_text = any(a.text for a in answers)
    return Turn(
        own or foreign_id(seconds, *names),
        builder.conversation.id,
        parent,
        text,
        seconds,
        reading.intent,
        reading.complexity,
        builder.program,
        reason="done" if has_text else "failed" if error else "stopped",
        final_stage=STAGE if has_text else "",
        error="" if has_text else error,
        stages=[StageRecord(STAGE, answers=answers)] if answers else [],
        attachments=attachments,
    )


def _answers(way: Way) -> Iterator[Answer]:
    yield _answer(way)
    yield from (Answer(m.model or "unknown", m.merged, reason="done") for m in way if m.merged)


def _answer(way: Way) -> Answer:
    text = "\n\n".join(m.text.strip("\n") for m in way if m.text) if len(way) > 1 else way[0].text
    thinking = "\n\n".join(m.thinking for m in way if m.thinking)
    last = way[-1]
    model = next((m.model for m in reversed(way) if m.model), "")
    error = next((m.error for m in way if m.error), "")
    seconds = [m.thinking_seconds for m in way if m.thinking_seconds is not None]
    return Answer(
        model or "unknown",
        text,
        thinking,
        reason="failed" if error and not text else "stopped" if last.stopped else "done",
        error=error,
        tokens=sum(m.tokens for m in way),
        first_token=way[0].first_token,
        tokens_per_second=last.tokens_per_second,
        thinking_seconds=sum(seconds) if seconds else None,
    )


def _newest(turns: Sequence[Turn]) -> str:
    """The end of the branch that goes on from the newest turn to the newest."""
    last: dict[str, str] = {}
    for turn in turns:
        last[turn.parent] = max(last.get(turn.parent, ""), turn.id)
    leaf, seen = "", set()
    while leaf in last and leaf not in seen:
        seen.add(leaf)
        leaf = last[leaf]
    return leaf
