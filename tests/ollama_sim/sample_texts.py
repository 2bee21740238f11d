"""Answers of three models of different size to one real question, as such models give them."""

QUESTION = "My Typer CLI takes 900 ms to print --help. How do I get it under 100 ms without rewriting it?"

SMALL = """\
The slow part is almost certainly **imports**, not Typer itself.

1. Measure first: `python -X importtime -m yourcli --help 2> imports.txt`
2. Move heavy imports (`pandas`, `requests`, `boto3`) into the functions that need them.
3. Set `pretty_exceptions_enable=False` so that Rich is not loaded.

```python
@app.command()
def report(path: str) -> None:
    import pandas as pd  # only when this command runs

    print(pd.read_csv(path).describe())
```

That usually brings `--help` to about 150 ms. Going lower depends on your Python version.
"""

MIDDLE = """\
## Find out where the 900 ms go

Run the help with import timing and look at the last column:

```bash
python -X importtime -m yourcli --help 2>&1 >/dev/null | sort -t'|' -k2 -n | tail -15
```

In most Typer programs the picture looks like this:

| Part | Typical cost | What to do |
|---|---|---|
| Your own heavy imports | 400–700 ms | import inside the command |
| Rich (help and tracebacks) | 60–120 ms | `rich_markup_mode=None` |
| Typer and Click | 50–80 ms | keep |
| Python itself | 15–30 ms | keep |

## Change two things

- **Move heavy imports into the commands.** `--help` needs names and signatures, not `pandas`.
- **Switch Rich off for help**: `app = typer.Typer(rich_markup_mode=None,
  pretty_exceptions_enable=False)`.

Annotations are a trap: `def run(df: pd.DataFrame)` forces the import again. Use a plain `str` or `Path`
there.

After that, `--help` should take 90–130 ms. Whether you get under 100 ms depends on the Typer version,
so measure again before you change more.
"""

LARGE = """\
## Short answer

Typer builds the whole command tree before it prints the help, so every module that defines a command is
imported, together with everything *those* modules import. Keep the tree, and stop the imports at its
edge. That is enough to go from 900 ms to roughly 80–100 ms without rewriting anything.

## 1. Measure, so that you fix the right thing

```bash
python -X importtime -m yourcli --help 2> imports.txt
sort -t'|' -k2 -n imports.txt | tail -20
```

The second column is cumulative. Anything above 20 000 µs deserves a look; usually three packages
explain 80 % of it.

## 2. Move heavy imports into the commands

```python
from pathlib import Path

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def report(source: Path, limit: int = 20) -> None:
    \"\"\"Summarise a file.\"\"\"
    import pandas as pd

    typer.echo(pd.read_csv(source).head(limit))
```

Three details decide whether this works:

1. **Annotations are evaluated.** Typer calls `get_type_hints`, so a heavy type in a command's signature
   is imported again, even with `from __future__ import annotations`.
2. **Defaults are evaluated.** `default=settings.load().limit` runs at import time.
3. **Packages import on their own.** Look into `yourcli/__init__.py`; re-exports there undo the work.

## 3. Load groups of commands lazily

For many sub-commands, use a Click group that imports a module only when its command is asked for:

```python
class LazyGroup(typer.core.TyperGroup):
    modules = {"report": "yourcli.report", "sync": "yourcli.sync"}

    def list_commands(self, ctx):
        return sorted(self.modules)
```

Help for the top level then needs a one-line description for each command, kept next to the name.

## What to expect

| Step | `--help` after it |
|---|---|
| Nothing changed | 900 ms |
| Heavy imports moved | 190 ms |
| Rich switched off | 110 ms |
| Lazy groups | 80 ms |

> These numbers are from programs of a similar shape; yours will differ by some tens of milliseconds.

Finally, keep it that way: a test that runs `--help` with `-X importtime` and fails if `pandas` shows up
costs ten lines and prevents the next slow import.
"""

THOUGHTS = """\
The user has a Typer program with a slow help. The usual cause is imports at module level. I should
first say how to measure it, then how to move imports into the commands, then mention Rich. Is 100 ms
possible? Python itself needs about 20 ms, Click and Typer perhaps 60 ms. So yes, but barely.
"""
