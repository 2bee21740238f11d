"""The pages of the guide: they are found by what people ask, name every setting, and no button that is not there."""

import asyncio
import re
from dataclasses import fields
from pathlib import Path

import pytest

from mirador_desktop.core.engine import Piece
from mirador_desktop.core.stages import FIRST_QUESTION
from mirador_desktop.engines.guide import Guide
from mirador_desktop.exchange.pipeline_file import read
from mirador_desktop.gui.first_start import GUIDE_QUESTIONS
from mirador_desktop.settings import HostSettings, ModelOptions, Settings, resource_folder
from tests.unit.helpers import chat_request

PAGES = sorted((resource_folder() / "guide").glob("*.md"))
CODE = Path(__file__).parents[2] / "mirador_desktop"
SETTINGS = next(page for page in PAGES if page.name.endswith("settings.md")).read_text("utf-8")


def section(title: str) -> str:
    """A section of the page on settings."""
    return SETTINGS.split(f"## {title}\n")[1].split("\n## ")[0]


def keys(text: str) -> set[str]:
    """What stands in the first column of its tables."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {key for row in rows for key in re.findall(r"`([^`]+)`", row)}


def default_of(text: str, key: str) -> str:
    """What stands beside a key."""
    row = next(line for line in text.splitlines() if line.startswith("|") and f"`{key}`" in line.split("|")[1])
    return row.split("|")[2].strip().strip("`")


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("All settings with their defaults", Settings),
        ("Hosts in settings.toml", HostSettings),
        ("Models in settings.toml", ModelOptions),
    ],
)
def test_every_key_is_described_with_its_default(title: str, kind: type) -> None:
    text = section(title)
    assert keys(text) == {each.name for each in fields(kind)}
    for each in fields(kind):
        if isinstance(each.default, str | int | float):
            shown = f'"{each.default}"' if isinstance(each.default, str) else str(each.default).lower()
            assert default_of(text, each.name) in (shown, "needed"), each.name


OF_OTHERS = {"xcb-cursor0 is needed"}
"""What it quotes of other programs."""

QUESTIONS = {
    "How do I add a host?": "Add a host",
    "How do I connect to another machine?": "Add a host",
    "How do I use vLLM?": "Kinds of hosts: Ollama and OpenAI-compatible",
    "Can I use llama.cpp or LM Studio?": "Kinds of hosts: Ollama and OpenAI-compatible",
    "How do I run it on a Kubernetes cluster?": "Kinds of hosts: Ollama and OpenAI-compatible",
    "Where is my token?": "Tokens: where they are kept and sent",
    "Where do I enter an API key?": "Tokens: where they are kept and sent",
    "How do I use a self-signed certificate?": "Certificates: own authority, or accept one",
    "Which host runs a model?": "Which host runs a model",
    "How do I test a host?": "Test a host",
    "How do I pull a model?": "Pull a model",
    "Can I pull a model from Hugging Face?": "Pull a model from Hugging Face",
    "How do I pause a download?": "Pause, resume or cancel a pull",
    "What happens to a pull after a restart?": "After a restart or a crash: unfinished pulls",
    "Why did the pull fail?": "When a pull fails",
    "How do I import a GGUF file?": "Make a model from a GGUF file",
    "How do I give a model another system prompt?": "Make a variant of a model",
    "How do I delete a model?": "Delete a model",
    "What does warm plan mean?": "What the warm plan means",
    "Why is my model unloaded?": "Why a model is unloaded, and how long it stays in memory",
    "How do I keep a model loaded?": "Why a model is unloaded, and how long it stays in memory",
    "What is num_gpu?": "How a model is run: placement, window and threads",
    "How fast is my model in tokens per second?": "Measure how fast a model is",
    "How do I start Ollama?": "Start Ollama, or have it downloaded",
    "What is flash attention?": "Flash attention and the key-value cache",
    "How do I make a pipeline?": "Make a pipeline of your own",
    "Which presets are there?": "The presets",
    "How do I make a pipeline the default?": "Choose a pipeline, and the one to begin with",
    "How do I put a CSV file into every question?": "Context: put files, tables and web pages into every question",
    "How do I write a plug-in?": "Write a plug-in for context",
    "How do I share a pipeline?": "Files of pipelines: export and import",
    "How do I open the settings?": "Open the settings and find one",
    "Can I edit settings.toml by hand?": "Edit settings.toml by hand",
    "What is the default of each setting?": "All settings with their defaults",
    "How do I use dark mode?": "Change the theme: light, dark or system colours",
    "Where is the log?": "The log file",
    "How do I delete everything?": "Delete everything",
    "Where are my conversations kept?": "Where conversations, settings and the log are stored",
    "Does anything leave my computer?": "Privacy: what leaves the computer",
    "How do I get models?": "Get Ollama and your first models",
    "What does the percentage mean?": "What confidence and the percentage mean",
    "Ollama does not answer": "No engine is reachable: Ollama does not answer",
    "Why was a source left out?": "A source of the context was left out",
    "Is my token safe?": "Tokens: where they are kept and sent",
    "How do I see the log?": "The log file",
    "The download stands still": "Pause, resume or cancel a pull",
    "How do I add a stage?": "Make a pipeline of your own",
    "How much memory do I need?": "Memory that models take",
    "Where are models stored?": "What else is in the folders",
    "My model is too slow": "Answers are slow",
    "Can I run it without internet?": "Privacy: what leaves the computer",
    "My GGUF file is refused": "A file is refused as a model",
    "How do I make a folder?": "Make folders, and put conversations into them",
    "How do I tag a conversation?": "Tags",
    "How do I archive a conversation?": "Pin a conversation, or put it into the archive",
    "How do I delete many conversations at once?": "Several conversations at once",
    "How do I undo?": "Undo a change of the list",
    "How do I duplicate a conversation?": "Copy a conversation, or continue it in a new one",
    "Where are the branches of a conversation?": "Branches as a tree",
    "How do I export a conversation as PDF?": "Export conversations to a file",
    "Can I import my chats from ChatGPT?": "Import conversations from another program",
    "How do I get my conversations from LM Studio?": "Files of ChatGPT, Open WebUI, LM Studio and Jan",
    "How do I restore a backup?": "Restore a backup",
    "How do I make a backup each day?": "Daily backup",
    "How do I export in the terminal?": "Export and import in the terminal",
}


def found(question: str) -> list[str]:
    """The names of the sections that the guide answers from."""

    async def ask() -> str:
        guide = Guide(resource_folder() / "guide")
        try:
            chunks = [c async for c in guide.chat(chat_request("guide", question, stage="deep"))]
        finally:
            await guide.close()
        return "".join(c.text for c in chunks if isinstance(c, Piece))

    return re.findall(r"^## (?:.* › )?(.+)$", asyncio.run(ask()), re.MULTILINE)


@pytest.mark.parametrize(("question", "title"), QUESTIONS.items())
def test_a_question_finds_its_section(question: str, title: str) -> None:
    assert found(question)[:1] == [title]


@pytest.mark.parametrize("question", [FIRST_QUESTION, *GUIDE_QUESTIONS])
def test_the_questions_that_the_window_offers_are_answered(question: str) -> None:
    assert found(question)


def test_every_preset_is_described() -> None:
    text = next(page for page in PAGES if "pipelines" in page.name).read_text("utf-8")
    table = text.split("## The presets\n")[1].split("\n## ")[0]
    named = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")][2:]
    files = sorted((resource_folder() / "pipelines").glob("*.toml"))
    assert named == [read(file.read_bytes()).name for file in files]


def words_of_the_window() -> str:
    """All texts in the code, on one line, without what is put in while it runs."""
    texts = " ".join(path.read_text("utf-8") for path in sorted(CODE.rglob("*.py")))
    texts = re.sub(r"[\"']\s*\n\s*f?[\"']", "", texts)  # one sentence over two lines
    return re.sub(r"\s+", " ", texts).casefold()


def test_what_the_guide_quotes_is_there() -> None:
    """Each button, each title and each error it names stands in the code."""
    code = words_of_the_window()
    missing = []
    for page in PAGES:
        text = re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", " ", page.read_text("utf-8"), flags=re.DOTALL)
        for quoted in re.findall(r'"([A-Za-z][^"]{2,60}?)"', " ".join(text.split())):
            parts = [part.strip(" .,·") for part in re.split(r"…|·|\d+(?: s)?", quoted)]
            missing += [
                f"{page.name}: {quoted}" for part in parts if part.casefold() not in code and quoted not in OF_OTHERS
            ]
    assert missing == []


def test_no_section_is_empty_and_no_title_stands_twice() -> None:
    titles = [t for page in PAGES for t in re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)]
    assert len(titles) == len(set(titles))
    assert len(PAGES) == 13
