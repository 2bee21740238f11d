"""A conversation written as Markdown, and the name of its file."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn
from mirador_desktop.exchange.markdown import export, file_name
from mirador_desktop.exchange.options import ExportOptions, Format
from tests.unit.exchange_helpers import written

CREATED = 1_760_000_000.0


def _turn(question: str, *stages: StageRecord, final: str = "", error: str = "") -> Turn:
    reason = "failed" if error else "done"
    return Turn("t", "c", question=question, final_stage=final, error=error, reason=reason, stages=list(stages))  # type: ignore[arg-type]


def _stage(name: str, *answers: Answer) -> StageRecord:
    return StageRecord(name, answers=list(answers))


def test_question_is_quoted_and_only_the_final_answer_stands_below() -> None:
    turn = _turn(
        "Why?\n# not a heading\n\nLast line",
        _stage("quick", Answer("small:1b", "Because.", reason="done")),
        _stage("synthesis", Answer("large:14b", "\n## Short\nIt is so.\n", reason="done")),
        final="synthesis",
    )
    text = export(Conversation("c", "A title", created=CREATED), [turn])
    lines = text.splitlines()
    assert lines[0] == "# A title"
    assert re.fullmatch(r"\*\d{4}-\d\d-\d\d \d\d:\d\d\*", lines[2])
    assert lines[4:8] == ["> Why?", "> # not a heading", ">", "> Last line"]
    assert lines[9] == "**Synthesis**, large:14b"
    assert lines[11:] == ["## Short", "It is so."]
    assert "Because." not in text
    assert text.endswith("It is so.\n")


def test_the_model_named_is_the_one_that_wrote_the_final_text() -> None:
    stage = _stage(
        "deep",
        Answer("first:7b", "Half an", reason="failed", error="It broke."),
        Answer("second:7b", "Whole", reason="done"),
    )
    text = export(Conversation("c", "T", created=CREATED), [_turn("Q", stage, final="deep")])
    assert "**Deep**, second:7b\n\nWhole\n" in text


def test_turns_come_in_order_and_a_failed_one_says_why() -> None:
    turns = [
        _turn("First", _stage("quick", Answer("m", "One", reason="done")), final="quick"),
        _turn("Second", error="No model answers."),
        _turn("Third"),
    ]
    text = export(Conversation("c", created=CREATED), turns)
    assert text.startswith("# Untitled\n")
    places = [
        text.index(words) for words in ("> First", "One", "> Second", "*No answer: No model answers.*", "> Third")
    ]
    assert places == sorted(places)
    assert text.endswith("> Third\n\n*No answer*\n")


@pytest.mark.parametrize("kind", ["markdown", "html", "text"])
def test_where_no_date_is_known_none_is_written(kind: Format) -> None:
    conversation = Conversation("c", "T")
    options = ExportOptions(metadata=True)
    bare = _turn("Q", _stage("quick", Answer("m", "One", reason="done")), final="quick")
    text = written(kind, [(conversation, [bare])], options).decode()
    assert "1970" not in text
    assert "**\n\n**" not in text
    assert 'class="note"' not in text
    assert "()" not in text
    named = written(kind, [(Conversation("c", "T", pinned=True), [])], options).decode()
    assert "pinned" in named
    assert "· pinned" not in named


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Typer start-up", "Typer start-up.md"),
        ("../../etc/passwd", "etc passwd.md"),
        ("C:\\Windows\\system32", "C Windows system32.md"),
        ("a\x00b\nc\td", "a b c d.md"),
        ('what? "why" <how> | *', "what why how.md"),
        ("", "Conversation.md"),
        ("...", "Conversation.md"),
        (" . ", "Conversation.md"),
        ("что это", "что это.md"),
        ("日本語の質問", "日本語の質問.md"),
        ("हिन्दी में", "हिन्दी में.md"),
        ("CON", "CON conversation.md"),
        ("nul.txt", "nul.txt conversation.md"),
        ("x" * 300, "x" * 60 + ".md"),
    ],
)
def test_file_names_of_awkward_titles(title: str, expected: str) -> None:
    assert file_name(Conversation("c", title)) == expected


@given(st.text())
def test_any_title_gives_a_name_every_platform_takes(title: str) -> None:
    name = file_name(Conversation("c", title))
    assert name.endswith(".md")
    assert len(name) > 3
    assert len(name.encode()) <= 255
    assert not set(name) & set('/\\:*?"<>|')
    assert all(ord(c) >= 32 for c in name)
    assert name[0] not in " ."
    assert name[:-3] == name[:-3].strip(" .")
