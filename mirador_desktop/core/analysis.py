"""What kind of question it is: intent and complexity, by plain rules in under a millisecond.

Both words are shown beside the question. They are a reading of its surface (words, length, structure), not
a judgement of a model, and nothing is decided by them silently.
"""

import re
from dataclasses import dataclass

_INTENTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"\b(?:{words})", re.IGNORECASE))
    for name, words in (
        (
            "technical",
            r"code|python|javascript|typescript|rust|java|sql|docker|kubernetes|git|linux|api|cli|bug|error|"
            r"exception|stack ?trace|function|class|regex|compile|deploy|server|database|algorithm|programm?",
        ),
        (
            "decision",
            r"should (?:i|we)|which (?:one|is better)|better|versus|vs\b|choose|decide|recommend|pros and",
        ),
        ("creative", r"write (?:a|an|me)|poem|story|song|slogan|haiku|lyrics|brainstorm|invent|imagine"),
        (
            "financial",
            r"invest|stocks?\b|market|portfolio|bonds?\b|revenue|pricing|budget|mortgage|interest rate",
        ),
        ("how-to", r"how (?:do|can|to|would|should)|steps|guide|tutorial|set ?up|install"),
        ("explanation", r"why|explain|what does|how does|difference between|meaning of|understand"),
        ("factual", r"what|who|when|where|which|how (?:many|much|long|old|far)|is|are|does|did"),
    )
)
_CODE = re.compile(r"```|`[^`]+`|[{};]\s*$|--\w|\w\(\)|Traceback", re.MULTILINE)
_CLAUSE = re.compile(
    r"[?;]|\b(?:and|but|because|without|while|unless|compared|und|aber|oder|et|mais)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a question looks like.

    Attributes:
        intent: technical, decision, creative, financial, how-to, explanation, factual or general.
        complexity: simple, moderate or complex.
    """

    intent: str
    complexity: str


def analyse(question: str) -> Analysis:
    """Read intent and complexity off a question's surface."""
    head = question[:2000]
    intent = "technical" if _CODE.search(head) else ""
    intent = intent or next((name for name, words in _INTENTS if words.search(head)), "general")
    points = len(head.split()) // 12 + len(_CLAUSE.findall(head)) + 2 * ("\n" in question.strip())
    return Analysis(intent, "simple" if points < 2 else "moderate" if points < 6 else "complex")
