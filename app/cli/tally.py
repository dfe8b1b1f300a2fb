"""What a long command shows: a progress bar, a line for each finding, and a summary."""

import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.services.findings import Problem, Step

_DAMAGED = (
    "if a backup has the missing or damaged files, put them back in their places; else "
    "`fovea check --move-damaged FOLDER` takes such instances out of the archive, so that they can be stored again"
)
HINTS = {
    Problem.UNINDEXED: "unindexed blobs may be the only copies: `fovea reindex` enters them in the index, "
    "`fovea check --repair --delete-unindexed` deletes them",
    Problem.MISSING: _DAMAGED,
    Problem.WRONG_LENGTH: _DAMAGED,
    Problem.WRONG_CHECKSUM: _DAMAGED,
    Problem.UNREADABLE: "what cannot be read is left as it is: look at the disk, and at the rights of the files",
    Problem.DUPLICATE: "`fovea check --repair` deletes duplicates whose other file is sound",
    Problem.DIFFERENT: "what differs was left as it is in the target; `--replace` takes the source's",
}
"""What to do about a problem, where it is not plain."""


@dataclass(slots=True)
class Tally:
    """What a command has come through."""

    counts: list[str] = field(default_factory=list)
    problems: Counter[Problem] = field(default_factory=Counter)

    async def follow(self, title: str, steps: AsyncIterator[Step], total: int | None = None) -> None:
        """Show a progress bar and every finding. The ``total``, when it is known, may be a little out of date."""
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        # Lines on a terminal go above the bar; those that go elsewhere must get there.
        bar = Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty())
        done = added = young = 0
        with bar:
            task = bar.add_task(title, total=total)
            async for step in steps:
                done += step.done
                added += step.added
                young += step.young
                self.problems.update(finding.problem for finding in step.findings)
                for finding in step.findings:
                    typer.echo(str(finding))
                bar.update(task, completed=done)
            bar.update(task, total=done)
        self.counts.append(f"{title}: {done}")
        self.counts += [f"{name}: {count}" for name, count in (("added", added), ("too new to tell", young)) if count]

    def describe(self) -> str:
        """A few lines for people."""
        found = [f"{problem}: {count}" for problem, count in sorted(self.problems.items())] or ["nothing wrong"]
        hints = dict.fromkeys(HINTS[problem] for problem in self.problems if problem in HINTS)
        return "\n".join(["; ".join([*self.counts, *found]), *hints])
