"""A title from what a model wrote for one: without its thoughts, what it says before, and Markdown."""

import json
import re
import unicodedata

_LENGTHS = range(2, 81)
_LONGEST_LINE = 300
"""Characters; a longer line is no title, whatever is taken from it."""
_MOST_ROUNDS = 8
"""How often marks around a title are taken off: a quotation in bold type in a heading has three of them."""

_THOUGHT = r"(?:think|thinking|thoughts?|reason|reasoning|reflection)"
_OPEN = rf"(?:<{_THOUGHT}\b[^<>\n]*>|\[think\]|◁think▷)"
_CLOSE = rf"(?:</{_THOUGHT}\s*>|\[/think\]|◁/think▷)"
_THOUGHTS = re.compile(rf"^[ \t]*(?:{_OPEN}.*?(?:{_CLOSE}|\Z)[ \t]*)+", re.IGNORECASE | re.DOTALL | re.MULTILINE)
_TO_CLOSE = re.compile(rf"\A.*{_CLOSE}", re.IGNORECASE | re.DOTALL)  # some templates open the thoughts themselves
_TOKENS = re.compile(r"<\|\w+\|>|</s>")
_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0xFEFF])
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[\w+#.-]*[ \t]*$", re.MULTILINE)
_JSON = re.compile(r"^[ \t]*([\[{].*[\]}])", re.MULTILINE | re.DOTALL)
_BROKEN_JSON = re.compile(r"[\[{](?:\s*[\"'{\[]|$)")

_TITLE = (
    "title|titel|tittel|titre|título|titulo|títol|titolo|titlu|titul|titull|titill|tytuł|název|nadpis|naslov|názov|"
    "cím|otsikko|pealkiri|virsraksts|pavadinimas|başlık|judul|tajuk|tiêu đề|τίτλος|заголовок|название|назва|"
    "заглавие|наслов|العنوان|عنوان|כותרת|शीर्षक|শিরোনাম|தலைப்பு|หัวข้อ|ชื่อเรื่อง|标题|標題|题目|題目|タイトル|題名|제목"
)
_AGREED = r"(?:sure(?: thing)?|certainly|of course|okay|ok|absolutely|gladly)"
_COLON = r"\s*[:：﹕]\s*"
_WHICH = r"(?:(?:the|a|my|suggested|proposed|possible|short|conversation|chat)\s+){0,3}"
_OF_IT = r"(?:\s+is|\s+for\s+(?:the|this|your|it)\b[^:：]{0,40}|\s*\([^():：]*\))?"
_LABEL = re.compile(
    rf"(?:{_AGREED}\b[\s,.!]*)?(?:{_WHICH}[\"']?(?:{_TITLE})[\"']?{_OF_IT}{_COLON}"
    rf"|here(?:['’]s|\s+is)\b[^:：]*\b(?:title|suggestion)\b[^:：]*{_COLON})",
    re.IGNORECASE,
)
_CHATTER = re.compile(rf"{_AGREED}\W*|here (?:you go|it is)\W*", re.IGNORECASE)

_LEADING = re.compile(r"(?:>\s*|#{1,6}(?:\s+|$)|[-*+•]\s+|(?:1\.|\(?\d{1,2}\))\s+|\d{1,2}、\s*)")
"""Of quotes, headings and lists. Of numbers with a dot only 1, with which lists begin: “2. Weltkrieg” is none."""
_TRAILING = re.compile(r"(?:\s+#+|[\s.:;,。：；，、]+)$")
_TAGGED = re.compile(r"<(\w+)>(.*)</\1>")
_INLINE = re.compile(
    r"(`+)(?P<code>.+?)\1(?!`)"
    r"|(?<![0-9A-Za-z*])(\*{1,3})(?=[^\s*])(?P<starred>.+?)(?<=\S)\3(?![0-9A-Za-z*])"
    r"|(?<!\w)(?!__[a-z]\w*?__(?!\w))(_{1,3})(?=[^\s_])(?P<lined>.+?)(?<=\S)\5(?!\w)"
)
"""Paired marks of Markdown. Those of words alone: `2**3`, `snake_case`, `__init__` and `A*` stay as they are."""
_UNPAIRED = re.compile(r"^(?:\*{2,}|`+)|(?:\*{2,}|`+)$")
_QUOTES = {
    '"': '"', "'": "'", "“": "”", "„": "“”", "«": "»", "»": "«", "‘": "’", "‚": "‘’", "‹": "›", "<": ">",
    "「": "」", "『": "』", "《": "》", "【": "】",
}  # fmt: skip
_CLOSING = {close: [o for o, closes in _QUOTES.items() if close in closes] for close in '"”“»」』》】>'}
_HALVES = set(_QUOTES) - set("'‘‚<")  # these alone are an apostrophe, a comma and “less than”
_REFUSALS = ("<think", "i cannot", "i'm sorry")


def cleaned(text: str) -> str:
    """A title from what a model wrote: one line of 2 to 80 characters; "" if that is none.

    Thoughts, what is said before the title ("Here is a title:"), labels, list numbers, quotation marks around it,
    and marks of Markdown go; marks inside words stay. A fenced block gives its text, JSON the string in it.
    """
    text = _TO_CLOSE.sub("", _THOUGHTS.sub("", text))
    text = _FENCE.sub("", _TOKENS.sub("", text.translate(_BIDI)))
    text = _of_json(text)
    lines = [" ".join(_printed(line).split()) for line in text.splitlines()]
    lines = [line for line in lines if any(character.isalnum() for character in line)]
    while len(lines) > 1 and _is_preamble(lines[0]):
        del lines[0]
    line = lines[0] if lines else ""
    if len(line) > _LONGEST_LINE or _BROKEN_JSON.match(line):
        return ""
    for _ in range(_MOST_ROUNDS):
        before, line = line, _without_marks(line)
        if line == before:
            break
    refused = line.casefold().replace("’", "'").startswith(_REFUSALS)
    return line if len(line) in _LENGTHS and not refused else ""


def _is_preamble(line: str) -> bool:
    """Whether a line only says that a title follows."""
    return line.rstrip(" *_`\"'”»").endswith((":", "：", "﹕")) or _CHATTER.fullmatch(line) is not None


def _printed(line: str) -> str:
    """Control characters are spaces."""
    return "".join(" " if unicodedata.category(character) == "Cc" else character for character in line)


def _of_json(text: str) -> str:
    """The title in an object, or the only string in it or in a list; the text itself if it is nothing of that."""
    match = _JSON.search(text)
    try:
        found = json.loads(match[1]) if match else None
    except (ValueError, RecursionError):
        return text
    if isinstance(found, dict):
        named = [value for name, value in found.items() if name.casefold() in _TITLE.split("|")]
        found = named or list(found.values())
    strings = [value for value in found if isinstance(value, str)] if isinstance(found, list) else []
    return strings[0] if len(strings) == 1 else text


def _without_marks(line: str) -> str:
    """One layer of what stands around a title taken off."""
    line = _LEADING.sub("", line, count=1) if _LEADING.match(line) else line
    line = _UNPAIRED.sub("", _plain(line))
    if (tagged := _TAGGED.fullmatch(line)) is not None:
        line = tagged[2]
    if (label := _LABEL.match(line)) is not None:
        line = line[label.end() :]
    line = _TRAILING.sub("", _unquoted(line.strip()))
    return " ".join(line.lstrip(":;,：；，、").split())


def _plain(line: str) -> str:
    """Without the marks of emphasis and code."""

    def inner(match: re.Match[str]) -> str:
        code = match["code"]
        return code.strip() if code is not None else _plain(match["starred"] or match["lined"])

    return _INLINE.sub(inner, line)


def _unquoted(line: str) -> str:
    """Without quotation marks around the whole line, or one at an end whose other half is missing."""
    if len(line) < 2:
        return line
    first, last = line[0], line[-1]
    if first in _QUOTES and last in _QUOTES[first]:
        opened = re.search(rf"(?<!\w){re.escape(first)}", line[1:-1])  # two quotations are not one: "A" and "B"
        return line if opened else line[1:-1]
    if first in _HALVES and not any(close in line[1:] for close in _QUOTES[first]):
        return line[1:]
    if last in _CLOSING and not any(opening in line[:-1] for opening in _CLOSING[last]):
        return line[:-1]
    return line
