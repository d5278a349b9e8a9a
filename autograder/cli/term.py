"""Commands for instructors who run a term: new-course, extend, excuse, accept, regrade."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from autograder.cli.options import Contained, Containment, Jobs, Root, app, one_sentence
from autograder.cli.running import graded
from autograder.cli.terminal import console, progress_bar
from autograder.course_paths import INSTALLATION, CoursePaths
from autograder.errors import CourseError
from autograder.preflight import check_materials


@app.command("new-course")
def new_course(
    folder: Annotated[Path, typer.Argument(help="The course's folder; it must not exist yet.")],
    course_id: Annotated[
        str | None, typer.Option("--id", help="nbgrader's course id; default: from the folder.")
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(help="A CSV file with the columns id, first_name, last_name and email."),
    ] = None,
    due: Annotated[
        list[str] | None, typer.Option(help="ASSIGNMENT=DATE, such as 01-tokenizing=2026-12-01.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Of the due dates, as Europe/Berlin.")] = "UTC",
    exchange: Annotated[
        Path | None, typer.Option(help="The folder of nbgrader's exchange, if you use one.")
    ] = None,
    db: Annotated[
        str | None,
        typer.Option(
            help="The gradebook's database as a URL; default: gradebook.db in the folder."
        ),
    ] = None,
) -> None:
    """Make a course of your own: configuration, notebooks, students and due dates.

    Example: `autograder new-course ~/bert-2026 --roster roster.csv --due "01-tokenizing=2026-12-01 23:59" --timezone Europe/Berlin`
    """  # noqa: E501 # Typer shows it as it is written
    with one_sentence():
        from autograder.courses.dates import due_dates, time_zone
        from autograder.courses.new_course import Plan, check_plan, id_from, make_course
        from autograder.courses.roster import Roster, read_roster

        folder = folder.expanduser().absolute()
        zone = time_zone(timezone)
        names = CoursePaths(INSTALLATION).assignments()
        plan = Plan(
            course_id=id_from(folder) if course_id is None else course_id,
            time_zone=timezone,
            roster=read_roster(roster) if roster else Roster({}),
            due=due_dates(due or (), names, zone),
            exchange=exchange,
            db_url=db,
        )
        check_plan(folder, plan)
        with progress_bar() as bar:
            row = bar.add_task("Building", total=len(names), what="")
            paths = make_course(folder, plan, lambda what: bar.update(row, advance=1, what=what))
    said = [f"Course {plan.course_id} in {folder}: {len(names)} assignments"]
    if plan.roster.students:
        said.append(f"{len(plan.roster.students)} students")
    console.print(escape(", ".join(said) + "."), soft_wrap=True)
    if plan.roster.unused:
        unused = ", ".join(plan.roster.unused)
        console.print(escape(f"Columns that nbgrader does not keep: {unused}."), soft_wrap=True)
    for name, moment in plan.due.items():
        console.print(f"{name} is due on {moment:%A, %Y-%m-%d at %H:%M} {moment.tzname()}.")
    console.print("Release the first assignment:", soft_wrap=True)
    where = shlex.quote(str(paths.root))
    command = f"cd {where} && nbgrader generate_assignment {names[0]}"
    console.print(f"  {command}", soft_wrap=True, markup=False, highlight=False)


@app.command()
def extend(
    student: Annotated[str, typer.Argument(help="The student's id.")],
    assignment: Annotated[str, typer.Argument(help="A name such as 01-tokenizing.")],
    time: Annotated[str, typer.Argument(help="From the due date on: 3d, 12h, 1d12h or 2w.")],
    root: Root = Path(),
) -> None:
    """Give one student more time. It replaces an earlier extension; 0d takes it back.

    Example: `autograder extend ann 01-tokenizing 3d`
    """
    with one_sentence():
        from autograder.courses import extensions

        paths = CoursePaths(root.resolve())
        paths.check_assignment(assignment, ordinary=True)
        until = extensions.extend(paths, student, assignment, extensions.period(time))
    console.print(
        f"{escape(student)} has until {until:%A, %Y-%m-%d %H:%M} {until.tzname()} for {assignment}. "
        "The next `autograder grade` takes it into account.",
        soft_wrap=True,
    )


@app.command()
def excuse(
    student: Annotated[str, typer.Argument(help="The student's id.")],
    assignment: Annotated[str, typer.Argument(help="A name such as 01-tokenizing.")],
    undo: Annotated[bool, typer.Option("--undo", help="The assignment counts again.")] = False,
    root: Root = Path(),
) -> None:
    """Excuse one student from an assignment: it counts neither for nor against them.

    Example: `autograder excuse ann 01-tokenizing`
    """
    with one_sentence():
        from autograder.grading import kept_lists

        paths = CoursePaths(root.resolve())
        paths.check_assignment(assignment, ordinary=True)
        changed = kept_lists.excuse(paths, student, assignment, undo=undo)
    before = "" if changed else "already "
    state = ("no longer " if changed else "not ") if undo else before
    console.print(f"{escape(student)} is {state}excused from {assignment}.", soft_wrap=True)


@app.command()
def accept(
    student: Annotated[str | None, typer.Argument(help="The student's id.")] = None,
    name: Annotated[str | None, typer.Argument(help='What was typed, such as "Anna B.".')] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Accept all that wait and are no other student's name.")
    ] = False,
    root: Root = Path(),
) -> None:
    """Accept a name under which a student works; without arguments, list the tests that wait.

    Example: `autograder accept ann "Anna B."`
    """
    with one_sentence():
        from autograder.grading.roster_names import accept as accept_names
        from autograder.grading.roster_names import read_names, waiting

        paths = CoursePaths(root.resolve())
        if (student is None) != (name is None) or (every and student is not None):
            raise CourseError("Say whose name to accept: STUDENT and NAME, or --all, or nothing.")
        names = read_names(paths)
        others = {pair: owners for pair in waiting(paths) if (owners := names.of(pair[1]))}
        if student is None or name is None:
            pairs = [pair for pair in waiting(paths) if pair not in others]
        else:
            pairs = [(student, name)]
        if every or student is not None:
            accept_names(paths, pairs)
    done = every or student is not None
    for who, typed in pairs:
        said = f"Accepted {typed!r} for {who}." if done else f"{who}: drawn under {typed!r}"
        console.print(escape(said), soft_wrap=True)
    for (who, typed), owners in others.items() if student is None else ():
        said = f"{who}: drawn under {typed!r}, which is the name of {', '.join(sorted(owners))}"
        console.print(escape(said), soft_wrap=True)
    if done and pairs:
        console.print(
            "Run `autograder grade`: it enters the marks that waited, and executes nothing. Collect "
            "again what was not collected under such a name.",
            soft_wrap=True,
        )
    elif pairs:
        console.print("Accept one with `autograder accept STUDENT NAME`, or these with --all.")
    elif not others:
        console.print("No test waits under an unknown name.")


@app.command()
def regrade(
    assignment: Annotated[str, typer.Argument(help="A name such as 01-tokenizing.")],
    yes: Annotated[bool, typer.Option("--yes", help="Write the new marks.")] = False,
    jobs: Jobs = None,
    containment: Contained = Containment.REQUIRED,
    root: Root = Path(),
) -> None:
    """Show which marks a changed exam, task or number of points would change; --yes writes them.

    Example: `autograder regrade 01-tokenizing`
    """
    with one_sentence():
        check_materials()
        from autograder.grading import regrade as regrading
        from autograder.grading.course_check import check_places
        from autograder.grading.grade import executed
        from autograder.grading.gradebook import read_gradebook
        from autograder.grading.marks import read_marks
        from autograder.grading.submission import found
        from autograder.grading.workers import log_to

        paths = CoursePaths(root.resolve())
        ids = found(paths, [paths.check_assignment(assignment)])
        check_places(paths)
        log_to(paths.log)
        read_gradebook(paths).check_released(assignment)
        regrading.released(paths, assignment)
        contained = containment is Containment.REQUIRED
        works = executed(paths, ids, {"contained": contained}, {}, jobs)
        changes: list[regrading.Change] = []
        with progress_bar() as bar:
            row = bar.add_task("Examining", total=len(ids), what="")
            for some in regrading.changes(paths, assignment, works):
                changes += some
                bar.update(row, advance=1)
        before = read_marks(paths)
    table = Table("student", "task", "before", "after", "reason", title=f"Changes in {assignment}")
    for one in sorted(changes, key=lambda one: (one.student, one.task)):
        points = ["–" if some is None else f"{some:g}" for some in (one.before, one.after)]
        task = one.task.removesuffix("-points")
        table.add_row(escape(one.student), escape(task), *points, escape(one.reason))
    console.print(table if changes else f"No mark of {assignment} would change.")
    if not yes:
        if changes:
            again = f"autograder regrade {assignment} --yes"
            console.print(f"Nothing was written. To write these marks: `{again}`.", soft_wrap=True)
        return
    with one_sentence():
        regrading.renew(paths, assignment)
        graded(paths, [assignment], workers=jobs, contained=contained)
        told = regrading.compare(paths, assignment, before.by_submission)
    for one in told:
        name = f" ({before.names[one.student]})" if before.names.get(one.student) else ""
        console.print(
            escape(f"Tell {one.student}{name}: {one.before:g} → {one.after:g} points."),
            soft_wrap=True,
        )
    console.print(f"{len(told)} marks changed. They are in .autograder/regrade.log.")
