"""The style sheet of an exported page."""

import functools
from typing import Any

_STYLE = """\
:root { --back: #fbfbfc; --side: #f3f4f6; --line: #e3e6eb; --text: #1a1f27; --muted: #5e6878; --link: #2563eb; }
@media (prefers-color-scheme: dark) {
  :root { --back: #0e1116; --side: #151a21; --line: #262e39; --text: #e7ebf1; --muted: #8a94a6; --link: #6ca8ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); line-height: 1.5; overflow-wrap: anywhere;
  font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main { max-width: 760px; margin: 0 auto; padding: 40px 24px 80px; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.4em 0 0.5em; }
h1 { font-size: 1.6em; margin-top: 0; }
h2 { font-size: 1.35em; }
h3, h4 { font-size: 1.15em; }
h5, h6 { font-size: 1em; }
article + article { border-top: 1px solid var(--line); margin-top: 48px; padding-top: 8px; }
a { color: var(--link); }
nav ol { padding-left: 1.6em; }
.turn { margin: 28px 0; }
.question { white-space: pre-wrap; background: var(--side); border-radius: 8px; padding: 12px 16px;
  font-weight: 500; }
.stage { margin: 18px 0 4px; }
.note, .model { color: var(--muted); font-size: 0.875em; }
.note { margin: 4px 0; }
.thinking { border-left: 2px solid var(--line); padding-left: 14px; margin: 8px 0; color: var(--muted); }
.thinking summary { cursor: pointer; font-size: 0.875em; }
pre { background: var(--side); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px;
  overflow-x: auto; white-space: pre-wrap; }
code { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.9em; }
:not(pre) > code { background: var(--side); border-radius: 4px; padding: 1px 4px; }
blockquote { margin: 1em 0; padding-left: 14px; border-left: 3px solid var(--line); color: var(--muted); }
table { border-collapse: collapse; margin: 1em 0; }
th, td { border: 1px solid var(--line); padding: 4px 10px; vertical-align: top; }
hr { border: 0; border-top: 1px solid var(--line); }
"""
_PRINT = """\
@media print {
  :root { --back: #fff; --side: #f6f6f7; --line: #ccc; --text: #000; --muted: #444; --link: #000;
    color-scheme: light; }
  main { max-width: none; padding: 0; }
  article + article { break-before: page; border: 0; }
  pre, .question { break-inside: auto; }
  h1, h2, h3, h4, h5, h6, .stage { break-after: avoid; }
  tr { break-inside: avoid; }
}
@page { margin: 18mm; }
"""


@functools.cache
def sheet() -> str:
    """The whole sheet: dark colours of code only on a dark screen, so that paper gets the light ones."""
    from pygments.formatters import HtmlFormatter

    light, dark = (
        str(_formatter(HtmlFormatter, style).get_style_defs("pre")) for style in ("friendly", "github-dark")
    )
    return f"{_STYLE}{_colours(light)}@media screen and (prefers-color-scheme: dark) {{\n{_colours(dark)}}}\n{_PRINT}"


def _formatter(made_by: Any, style: str) -> Any:
    """Pygments has no types here."""
    return made_by(style=style)


def _colours(definitions: str) -> str:
    """The rules for single words: background and line numbers are not wanted."""
    kept = [rule for rule in definitions.splitlines() if rule.startswith("pre .") and "background" not in rule]
    return "".join(f"{rule.partition('/*')[0].strip()}\n" for rule in kept)
