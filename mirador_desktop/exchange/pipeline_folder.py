"""The folder of the person's pipelines, and that of the presets: what stands in them, and how a file is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mirador_desktop.atomic import write_whole
from mirador_desktop.core.stages import DEFAULT_PIPELINE, Pipeline
from mirador_desktop.errors import PipelineError
from mirador_desktop.exchange import pipeline_file
from mirador_desktop.exchange.pipeline_file import MOST_BYTES

MOST_FILES = 200
"""How many files of the folder are read."""


@dataclass(frozen=True)
class Entry:
    """A pipeline, or a file that holds none.

    Attributes:
        pipeline: None for a file that cannot be read.
        preset: what Mirador brought under this name, None for one of the person's own.
        file: where it is kept, None for a preset that was not changed.
        problem: why `file` cannot be read, "" if it can.
        text: what stood in `file` when it was read; of a preset, what Mirador's own file says.
    """

    pipeline: Pipeline | None
    preset: Pipeline | None = None
    file: Path | None = None
    problem: str = ""
    text: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The pipeline's name, or the file's."""
        return self.pipeline.name if self.pipeline is not None else self.file.name if self.file is not None else ""

    @property
    def changed(self) -> bool:
        """Whether it is a preset that the person has changed."""
        return self.preset is not None and self.pipeline != self.preset


def ordered(entries: Sequence[Entry]) -> list[Entry]:
    """Presets as they come, then the person's own by name, then what cannot be read."""
    own = [e for e in entries if e.preset is None]
    own.sort(key=lambda e: (e.pipeline is None, e.name.casefold()))
    return [*(e for e in entries if e.preset is not None), *own]


def read_presets(folder: Path) -> list[Entry]:
    """Mirador's own pipelines; without a readable one there is the default."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        text = read_text(path)
        pipeline = pipeline_file.read(text, str(path))
        found.append(Entry(pipeline, pipeline, text=text))
    return found or [Entry(DEFAULT_PIPELINE, DEFAULT_PIPELINE)]


def read_folder(folder: Path, presets: Sequence[Entry], known: Sequence[Entry]) -> list[Entry]:
    """The presets with what the person made of them, and the person's own.

    Args:
        known: what was read before: files that say the same need not be read again.
    """
    entries = {entry.name.casefold(): entry for entry in presets}
    before = {entry.file: entry for entry in known if entry.pipeline is not None}
    broken: list[Entry] = []
    try:
        paths = sorted(p for p in folder.iterdir() if p.suffix == ".toml" and not p.name.startswith("."))
    except OSError:  # usually there is none
        paths = []
    for path in paths[:MOST_FILES]:
        try:
            text = read_text(path)
            same = before.get(path)
            pipeline = same.pipeline if same is not None and same.text == text else None
            pipeline = pipeline or pipeline_file.read(text, str(path))
            name = pipeline.name.casefold()
            if name in entries and entries[name].file is not None:
                other = entries[name].file
                raise PipelineError(f"{path}: name is {pipeline.name!r}, which {other} has; expected is another.")
            preset = entries[name].preset if name in entries else None
            entries[name] = Entry(pipeline, preset, path, text=text)
        except PipelineError as error:
            broken.append(Entry(None, None, path, f"{error} The file is left as it is."))
    return ordered([*entries.values(), *broken])


def read_text(path: Path) -> str:
    """The text of a file that may hold a pipeline.

    Raises:
        PipelineError: there is none.
    """
    try:
        if not path.is_file():
            raise PipelineError(f"{path} is not there, or is no file.")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise PipelineError(f"{path} is too long for a pipeline: more than {MOST_BYTES // 1024} KB.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise PipelineError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError:
        raise PipelineError(f"{path} is not a text in UTF-8.") from None


def write_pipeline(path: Path, pipeline: Pipeline, base: str, made: bool) -> None:
    """Bring a file to what the pipeline is.

    Args:
        base: a text whose comments are kept where there is no file yet.
        made: the file must not be there yet.

    Raises:
        PipelineError: the file holds something else, which is left as it is.
        OSError: it cannot be written; what was there is as it was.
    """
    if path.exists():
        if made:
            raise PipelineError(f"{path} is there already and was left as it is. Rename the pipeline to keep it.")
        base = read_text(path)
        pipeline_file.read(base, f"“{pipeline.name}” was not written: {path}")
    text = pipeline_file.write(pipeline, base)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode())


def free_file(folder: Path, name: str, taken: Sequence[Path]) -> Path:
    """A file of the folder that none of `taken` is, with a name that every platform takes."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "pipeline"
    if re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", slug):
        slug += "-pipeline"
    known = {path.name.lower() for path in taken}
    names = (f"{slug}{f'-{i}' if i > 1 else ''}.toml" for i in range(1, len(known) + 2))
    return next(folder / n for n in names if n not in known)
