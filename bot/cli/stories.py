"""`earshot stories`: find a story, read it, and make an edited version for its teller to agree to.

Stories are printed for the team only; reading one here is recorded, as on its page.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.assist import assist
from bot.cli.proof import proof
from flows.language.normalise import displayable
from flows.model.vocabulary.story_states import StoryState

if TYPE_CHECKING:
    from rich.console import Console

    from bot.settings.open_database import OpenDatabase
    from storage.queries.stories.editions import Edition
    from storage.queries.stories.whole_story import WholeStory
    from storage.stories.editing import EditionMade, EditRefusal

commands = typer.Typer(name="stories", help="Look at stories and make edited versions.", no_args_is_help=True)

commands.command()(proof)
commands.command()(assist)

StoryNumber = Annotated[int, typer.Argument(help="The story's number, as `earshot stories list` shows it.", min=1)]
BY = "command line"
STORY_STATES = tuple(StoryState)
EXCERPT = 60
"""Characters of a story in the list."""


@commands.callback()
def group() -> None:
    """Look at stories and make edited versions."""


@commands.command("list")
def list_(
    state: Annotated[str, typer.Option(help="Only new, approved or declined ones.")] = "",
    practice: Annotated[bool, typer.Option("--practice", help="Include those told in the simulator.")] = False,
) -> None:
    """List the newest stories with their numbers, at most fifty."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.queries.stories import review_queue  # noqa: PLC0415
    from storage.queries.team import members  # noqa: PLC0415

    if state not in {"", *STORY_STATES}:
        raise typer.BadParameter("A state is new, approved or declined.", param_hint="--state")
    out = console()
    with opened_database(installed_settings()) as base, reader(base.engine) as connection:
        filters = review_queue.Filters(state=state)
        found = review_queue.page(connection, filters, practice=practice, size=50)
        read = [line.id for line in found.lines if line.excerpt]
        base.writer.run(partial(members.record_listing, story_ids=read, who=BY, at=base.clock()))
        tried = 0 if practice or found.lines else review_queue.page(connection, filters, practice=True, size=1).total
    if tried:
        stories = "is one practice story" if tried == 1 else f"are {tried} practice stories"
        out.print(
            f"Nobody has told such a story by a real channel. There {stories}: earshot stories list --practice",
            markup=False,
        )
    elif not found.lines:
        out.print("There is no story." if not state else f"There is no story in the state {state}.", markup=False)
    for line in found.lines:
        excerpt = displayable(" ".join(line.excerpt[:EXCERPT].split()))
        out.print(
            f"{line.id:>6}  {line.told_at:%Y-%m}  {line.state:<8}  {line.use:<7}  {line.pseudonym}  {excerpt}…",
            markup=False,
        )
    if found.total > len(found.lines):
        out.print(f"{found.total - len(found.lines)} older ones are on the page of stories.")


@commands.command()
def show(story: StoryNumber) -> None:
    """Print a story, its edited versions and what its teller answered. Reading it is recorded."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.queries.team import members  # noqa: PLC0415

    out = console()
    with opened_database(installed_settings()) as base:
        found, made = _read(base, story)
        base.writer.run(
            partial(
                members.record, at=base.clock(), who=BY, act="story.opened", object_kind="story", object_id=story
            )
        )  # fmt: skip
    out.print(f"Story {found.id} by {found.pseudonym}: {found.state}, may travel as far as: {found.use}", markup=False)
    out.print(f"\n{displayable(found.text)}\n", markup=False)
    for one in made:
        out.print(f"Version {one.position} by {one.author}, {one.made_at:%Y-%m-%d}: {edition_state(one)}", markup=False)
        out.print(f"Why: {one.reason}" if one.reason else "Why: not said", markup=False)
        _difference(out, found.text, one.text)


@commands.command()
def edit(
    story: StoryNumber,
    *,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The edited text.", show_default=False)
    ] = None,
    editor: Annotated[bool, typer.Option("--editor", help="Edit it in your own editor.")] = False,
    reason: Annotated[str, typer.Option(help="Why, in a sentence. Its teller reads it.", show_default=False)] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Undo the newest edited version.")] = False,
) -> None:
    """Make an edited version of a story. Its teller's own words stay; the teller is asked before it leaves the team."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.stories import editing  # noqa: PLC0415

    if [file is not None, editor, undo].count(True) != 1:
        raise typer.BadParameter("Give one of --file, --editor and --undo. Nothing was changed.")
    out = console()
    with opened_database(installed_settings()) as base:
        if undo:
            undone = base.writer.run(partial(editing.undo, story_id=story, author=BY, now=base.clock()))
            _stop_at(undone)
            out.print("The newest version is undone. Its teller is not asked about it any more.")
            return
        found, made = _read(base, story)
        standing = next((one.text for one in reversed(made) if one.state != "dropped"), found.text)
        text = file.read_text(encoding="utf-8-sig") if file is not None else _in_editor(standing)
        why = reason or typer.prompt("Why (its teller reads it)", default="", show_default=False)
        result = base.writer.run(
            partial(editing.edit, story_id=story, text=text, reason=why, author=BY, now=base.clock())
        )
        _stop_at(result)
    if isinstance(result, editing.EditionMade):
        _difference(out, standing, result.edition.text)
        out.print(f"Saved as version {result.edition.position}. {next_step(result)}", markup=False)


STATES = {
    "draft": "nobody was asked about it, so it stays with the team",
    "asking": "its teller is being asked",
    "agreed": "its teller agreed",
    "refused": "its teller wants it kept with the team",
    "changed": "its teller wrote another version",
    "lapsed": "no answer, so it stays with the team",
    "dropped": "undone",
}


def edition_state(edition: Edition) -> str:
    """Return in words what the teller said of an edition."""
    return STATES.get(edition.state, edition.state)


def next_step(made: EditionMade) -> str:
    """Return what happens next with a new edition, as a sentence."""
    from storage.stories.editing import WHY_NOT  # noqa: PLC0415 - keep start-up light

    if made.why_not:
        return WHY_NOT[made.why_not]
    return "Its teller is asked now, and has 14 days. Until they agree it stays with the team."


def _read(base: OpenDatabase, story: int) -> tuple[WholeStory, list[Edition]]:
    from bot.cli.console import FAILED, console  # noqa: PLC0415
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.queries.stories import editions, whole_story  # noqa: PLC0415
    from storage.stories.editing import GONE  # noqa: PLC0415

    with reader(base.engine) as connection:
        found = whole_story.story_by_id(connection, story)
        made = editions.of_story(connection, story)
    if found is None or found.withdrawn_at is not None:
        console(error=True).print(f"[red]×[/red] {GONE}")
        raise typer.Exit(FAILED)
    return found, made


def _stop_at(result: EditionMade | Edition | EditRefusal) -> None:
    from bot.cli.console import FAILED, console  # noqa: PLC0415
    from storage.stories.editing import EditRefusal  # noqa: PLC0415

    if isinstance(result, EditRefusal):
        console(error=True).print(f"[red]×[/red] {result.message}")
        raise typer.Exit(FAILED)


def _difference(out: Console, before: str, after: str) -> None:
    from storage.stories.editing import difference  # noqa: PLC0415

    for line in difference(before, after):
        out.print(line, style="green" if line.startswith("+") else "red", markup=False)
    out.print()


def _in_editor(text: str) -> str:
    """Return the text as changed in the user's own editor. The temporary file is deleted afterwards."""
    import os  # noqa: PLC0415 - keep start-up light
    import shlex  # noqa: PLC0415
    import subprocess  # noqa: PLC0415
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "version.txt"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*command, str(file)], check=True)  # noqa: S603 - the operator's own editor
        except (OSError, subprocess.CalledProcessError):
            raise typer.BadParameter(
                f"{command[0]} did not run. Nothing was changed; set EDITOR, or use --file."
            ) from None
        return file.read_text(encoding="utf-8-sig")
