"""What is taken as a title from what a model wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.title_text import cleaned

BEES = "Bees on a roof"
LABELS = ("标题：", "Заголовок:", "Titel:", "Título:", "Titre :", "タイトル：", "제목:", "عنوان:")


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Borrowing in Rust", "Borrowing in Rust"),
        ("\n\nTitle: “Borrowing in Rust.”\nIt is about", "Borrowing in Rust"),
        ("**Titel:** Ausleihen", "Ausleihen"),
        ("# A heading #", "A heading"),
        ("", ""),
        ("...", ""),
        ("---\n\n***", ""),
        ("word " * 40, ""),
        ("x" * 5000, ""),
        ("借用について", "借用について"),
        ("I’m sorry, there is no question.", ""),
    ],
)
def test_a_title_is_the_first_line_without_what_is_around_it(written: str, title: str) -> None:
    assert cleaned(written) == title


@pytest.mark.parametrize(
    "written",
    [
        f"<think>\nThey ask about bees.\n\nA roof too.\n</think>\n{BEES}",
        f"<think></think>\n\n{BEES}",
        f"<think></think>{BEES}",
        f"<think>One</think>\n<think>two</think>\n{BEES}",
        f"<Thinking>\nHm\n</Thinking>\n\n{BEES}",
        f"<reasoning effort='low'>Hm</reasoning>\n{BEES}",
        f"[THINK]Hm[/THINK]{BEES}",
        f"They ask about bees.\n</think>\n\n{BEES}",
        f"{BEES}\n<think>\nThat is good",
        f"{BEES}<|im_end|>",
    ],
)
def test_thoughts_are_no_title(written: str) -> None:
    assert cleaned(written) == BEES


@pytest.mark.parametrize("written", ["<think>\nThey ask about bees", "<think>", "<thinking>Bees", "<think>a</think>"])
def test_thoughts_alone_give_none(written: str) -> None:
    assert cleaned(written) == ""


@pytest.mark.parametrize(
    "written",
    [
        f"Here is a title:\n{BEES}",
        f'Sure! Here\'s a title for it:\n\n"{BEES}"',
        f"Sure!\n{BEES}",
        f"Sure, here is a short title: {BEES}",
        f"**Here’s a title:**\n\n**{BEES}**",
        f"这是一个标题：\n{BEES}",
        f"Title:\n{BEES}",
        f"**Title**: {BEES}",
        f"Suggested title: {BEES}",
        f"Sure! The title is: {BEES}",
        f"Title for the conversation: {BEES}",
        *(f"{label} {BEES}" for label in LABELS),
        f'{{"title": "{BEES}"}}',
        f'{{\n  "name": "{BEES}",\n  "words": 4\n}}',
        f'Here it is:\n```json\n{{"Title": "**{BEES}**", "language": "en"}}\n```',
        f'["{BEES}"]',
        f'"title": "{BEES}"',
        f"1. {BEES}\n2. Wasps",
        f"1) {BEES}",
        f"- {BEES}",
        f"> ## **“{BEES}.”**",
        f"```\n{BEES}\n```",
        f"~~~text\n{BEES}",
        f"```{BEES}```",
        f"<title>{BEES}</title>",
        f"\u202e{BEES}\u202c",
        "\u2067Bees\u2069 on\u200b a roof\u200f",
        f"**{BEES}",
        f"_{BEES}_",
        "***Bees*** on a `roof`",
        f"“{BEES}",
        f'{BEES}"',
        f"'{BEES}'",
    ],
)
def test_what_is_around_a_title_goes(written: str) -> None:
    assert cleaned(written) == BEES


@pytest.mark.parametrize(
    "title",
    [
        "C# and F#",
        "Moving from C to C#",
        "snake_case names",
        "__init__ and __new__ in Python",
        "*args and **kwargs",
        "2**3 and 2**4",
        "Pathfinding with A*",
        "Why 2 * 3 * 4 is 24",
        "#include in C",
        ".NET basics",
        "List<int> in C++",
        '"Bees" and "wasps"',
        "‘Yes’ and ‘no’",
        "Ann's bees",
        "2. Weltkrieg",
        "1.5 degrees",
        "-5 °C in Ghent",
        "Bees: what they need",
        "Subtitle: how to add one",
        "Using <think> in a prompt",
        "عنوان",
        "می‌خواهم",
        "👩‍🚀 in space",
        "Is it so?",
        "'Tis the season",
        "Okay, bees on roofs",
    ],
)
def test_what_belongs_to_a_title_stays(title: str) -> None:
    assert cleaned(title) == title


@pytest.mark.parametrize("written", ['{"title": "Bees on', '{"a": "one", "b": "two"}', "{", "[" * 3000 + "]" * 3000])
def test_other_json_is_no_title(written: str) -> None:
    assert cleaned(written) == ""


MARKS = st.lists(st.sampled_from([*"ab1 \n`*_#<>/\"'“”:：.-[]{}()|\\", "think", "</think>", "Title:", "\u202e"])).map(
    "".join
)


@given(st.one_of(st.text(), MARKS))
def test_a_title_is_one_short_line(written: str) -> None:
    title = cleaned(written)
    assert title == " ".join(title.split())
    assert not title or 2 <= len(title) <= 80
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(title)
