"""The commands of `python3 -m checker`. Each imports what it needs when it is called: the start is quick."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from checker.bootstrap import ROOT
from checker.submission import DONE, INCOMPLETE, INTERRUPTED, USAGE

CALL = "python3 -m checker"
_EXIT_CODES = """\b
Exit codes:
  0  done
  1  the learner's work is incomplete
  2  usage: no such exercise, not a notebook, a file that cannot be read or written
  3  the checker itself is at fault
"""


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Run one command; `argv` is without the program's name. Returns the exit code, never raises."""
    for stream in (sys.stdout, sys.stderr):
        # A file name can hold what this terminal cannot show.
        stream.reconfigure(errors="backslashreplace")
    try:
        return commands.main(argv, prog_name=CALL, standalone_mode=False, obj=root) or DONE
    except click.ClickException as error:
        error.show()
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    except Exception as error:
        from checker.fault import explain

        code, sentence = explain(error, root)
        click.echo(f"checker: {sentence}", err=True)
        return code


class _Epilog(click.Group):
    """A group whose epilog keeps its lines."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write(self.epilog.removeprefix("\b\n"))


@click.group(
    cls=_Epilog,
    invoke_without_command=True,
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.pass_context
def commands(context: click.Context) -> None:
    """assert await: learn to test async Python by writing tests that are tested themselves.

    Without a command: where you are, and what is next.
    """
    if context.invoked_subcommand is None:
        from checker.overview import where_you_are

        click.echo(where_you_are(context.obj))


@commands.command()
@click.option("--port", type=int, help="The first port to try; 8888 if not given.")
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@click.pass_obj
def lab(root: Path, port: int | None, no_browser: bool) -> int:
    """Open JupyterLab at the start notebook.

    Example: python3 -m checker lab --port 9000
    """
    from checker.lab import open_lab

    return open_lab(root, port=port, browser=not no_browser)


@commands.command()
@click.argument("parts", nargs=-1, metavar="[PART]...")
@click.pass_obj
def test(root: Path, parts: tuple[str, ...]) -> int:
    """Run every test of the project, or the parts that are named.

    Example: python3 -m checker test notebooks
    """
    from checker.suite import run_suite

    return run_suite(root, only=parts)


@commands.command("list")
@click.pass_obj
def list_exercises(root: Path) -> None:
    """List the exercises and how far you are with each.

    Example: python3 -m checker list
    """
    from checker.overview import print_exercises

    print_exercises(root)


@commands.command()
@click.argument("id")
@click.option("--matrix", is_flag=True, help="Try every test on every bug, and show which caught which.")
@click.pass_obj
def run(root: Path, id: str, matrix: bool) -> int:
    """Grade your answer to an exercise, as it is saved in exercises/.

    A bug is tried until one of your tests catches it, unless --matrix asks for all.

    Example: python3 -m checker run 3.2
    """
    from checker.learner import run_answer

    return run_answer(root, id, matrix=matrix)


@commands.command()
@click.argument("id")
@click.pass_obj
def hint(root: Path, id: str) -> None:
    """Show the next hint for an exercise, one step a call.

    Example: python3 -m checker hint 3.2
    """
    from checker.learner import next_hint

    click.echo(next_hint(root, id))


@commands.command()
@click.argument("id")
@click.pass_obj
def reset(root: Path, id: str) -> None:
    """Put an exercise back to its beginning. A copy of your notebook is kept.

    Example: python3 -m checker reset 3.2
    """
    from checker.learner import put_back

    click.echo(put_back(root, id))


@commands.command()
@click.argument("id")
@click.option("--give-up", is_flag=True, help="Open it now. This is recorded.")
@click.pass_obj
def solution(root: Path, id: str, give_up: bool) -> int:
    """Show our own answer to an exercise.

    It opens when you have passed, after three different attempts, or when you give up.

    Example: python3 -m checker solution 3.2
    """
    from checker.learner import show_solution

    return show_solution(root, id, give_up=give_up)


@commands.command()
@click.argument("file", default="certificate.html")
@click.option("--name", default="", help="Whose certificate it is; without it the page names nobody.")
@click.pass_obj
def certificate(root: Path, file: str, name: str) -> int:
    """Write a page that says what your capstone suite caught: certificate.html, or FILE.

    It comes from your record: exercise 15.3 must be passed. A file that is no certificate is never replaced.

    Example: python3 -m checker certificate --name "Ada Lovelace" ada.html
    """
    from checker.certificate import NotOurs, NotPassed, write_certificate

    try:
        write_certificate(root, Path(file), name)
    except NotPassed as error:
        click.echo(str(error))
        return INCOMPLETE
    except NotOurs as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{file}: written. Open it in a browser; it prints on A4.")
    return DONE


@commands.command()
@click.argument("id", required=False)
@click.pass_obj
def watch(root: Path, id: str | None) -> int:
    """Grade an exercise whenever its notebook is saved, until Ctrl+C.

    Example: python3 -m checker watch 3.2
    """
    from checker.watch import watch_exercises

    return watch_exercises(root, id)


@commands.command()
@click.argument("names", nargs=-1, required=True, metavar="PATH|ID...")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - is standard output.")
@click.option("--junit", "junit_file", metavar="FILE|-", help="Write the result as JUnit XML.")
@click.option("--fresh", is_flag=True, help="A new Python for each trial: slower, needs no fork.")
@click.option("--jobs", type=click.IntRange(1), help="How many trials and kernels run at a time.")
@click.option("--no-notebook", is_flag=True, help="Only the trials; do not run the notebook in a kernel.")
@click.option("--class", "class_run", is_flag=True, help="In isolation, also what lies in exercises/.")
@click.option("--unsafe", is_flag=True, help="Without isolation where that cannot be had. Read the limits first.")
@click.pass_obj
def grade(root: Path, names: tuple[str, ...], no_notebook: bool, **options) -> int:
    """Grade notebooks, folders of notebooks, or exercises by id.

    A notebook is graded twice: each answer by its trials, all cells from top to bottom in a fresh kernel.
    What lies in exercises/ is your own. Everything else is a class run: strangers' code, graded in isolation
    (bubblewrap on Linux) or not at all.

    Example: python3 -m checker grade exercises/03_isolate_the_database.ipynb --json -
    """
    from checker.grading import How, Output, grade_all

    output = Output(options["json_file"], options["junit_file"])
    how = How(options["class_run"], options["unsafe"], options["fresh"], options["jobs"], not no_notebook)
    return grade_all(root, names, output, how)


@commands.command()
@click.option("--check", is_flag=True, help="Write nothing; say what is not current.")
@click.pass_obj
def build(root: Path, check: bool) -> int:
    """Make exercises/ from solutions/. Notebooks that somebody has worked in are left alone.

    Example: python3 -m checker build --check
    """
    from checker.notebook.reader import shown
    from checker.notebook.workspace import build_all

    changes = build_all(root, check=check)
    for change in changes:
        if change.action != "current":
            click.echo(change.detail or f"{shown(change.path)}: {change.action}")
    current = sum(change.action == "current" for change in changes)
    are = "are" if check else "were already"
    click.echo(f"{current} of {len(changes)} exercise notebooks {are} current.")
    wrong = ("missing", "differs", "stale")
    return INCOMPLETE if any(change.action in wrong for change in changes) else DONE


@commands.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Grade the reference N times under load.")
@click.option("--jobs", type=click.IntRange(1), help="Gradings at a time.")
@click.pass_obj
def verify(root: Path, ids: tuple[str, ...], repeat: int, jobs: int | None) -> int:
    """Prove exercises, or lessons by number: they can be passed and failed as they should.

    Example: python3 -m checker verify 3.2 --repeat 50
    """
    from checker.learner import meter
    from checker.report.words import counted
    from checker.verify import verify as prove

    count = not_run = 0
    failed: list[str] = []
    with meter() as show, closing(prove(root, ids, repeat=repeat, jobs=jobs, told=show)) as claims:
        for claim in claims:
            if claim.lacks:
                not_run += 1
                click.echo(f"NOT RUN {claim.exercise}: {claim.lacks}")
                continue
            count += 1
            if claim.holds:
                click.echo(f"ok   {claim.exercise}: {claim.sentence}")
            else:
                failed.append(f"FAIL {claim.exercise}: {claim.sentence}\n       instead: {claim.instead}")
                click.echo(failed[-1])
    if failed:
        click.echo("\n".join(["", "Once more, what does not hold:", *failed]))
    click.echo(
        f"{count - len(failed)} of {count} claims hold."
        + (f" Not run: {counted(not_run, 'exercise')}." if not_run else "")
    )
    # What was asked for by name and not tried is not done.
    return INCOMPLETE if failed or (not_run and ids) else DONE
