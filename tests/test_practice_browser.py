"""Practice in a real JupyterLab: each kind answered wrong and right, by mouse and by keyboard."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import TOKEN, browser_page, jupyterlab, open_notebook, run_all, save
from playwright.sync_api import Locator, Page, expect
from test_mastery import NAME as MASTERY
from test_mastery import picks as picks_of_test

from autograder.course_paths import CoursePaths
from autograder.records import all_records
from autograder.sample.demo import set_up
from course.practice import practice
from course.practice.journal import VARIABLE, Journal
from course.practice.mastery import drawn, pool
from course.practice.rounds import Round

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "screenshots" / "practice"
#: One question of each kind; a prediction that is chosen and one that is typed.
IDS = {
    "fill": "accuracy-from-logits",
    "choice": "better-than-a-parrot",
    "several": "swapped-arguments",
    "predict": "classes-of-logits",
    "typed": "how-many-steps",
    "order": "evaluate-in-order",
    "fix": "mean-of-means",
    "flashcard": "card-precision-recall",
}


def notebook(folder: Path, cells: list[str]) -> str:
    """Write a notebook and return its name."""
    kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": kernelspec},
    )
    nbformat.write(made, folder / "practice.ipynb")
    return "practice.ipynb"


@contextmanager
def practising(folder: Path, cells: list[str], width: int = 1100) -> Iterator[Page]:
    """Run `cells` in JupyterLab and yield the page."""
    name = notebook(folder, ["from course.practice import *", *cells])
    with jupyterlab(folder) as address, browser_page(width) as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        open_notebook(page, address, name)
        run_all(page, timeout=120)
        page.locator(".bc-deck").last.wait_for()
        yield page
        assert not faults


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    path = tmp_path / "kept" / "progress.json"
    monkeypatch.setenv(VARIABLE, str(path))
    return Journal(path)


def deck(page: Page, id: str) -> Locator:
    return page.locator(".jp-CodeCell", has_text=f'"{id}"').locator(".bc-deck")


def places(one: Any, right: bool) -> Any:
    """Return the picks of a right or a wrong answer to the question as it is asked now."""
    variant, stem = one.variant, one.stem
    kind = stem.kind
    if kind == "order":
        wanted = [stem.lines.index(line) for line in variant.answer]
        return wanted if right else list(range(len(stem.lines)))
    if kind == "predict" and stem.typed:
        return variant.answer if right else "nothing at all"
    answers = variant.answer if isinstance(variant.answer, list) else [variant.answer]
    good = [stem.options.index(answer) for answer in answers]
    bad = next(n for n, text in enumerate(stem.options) if text not in answers)
    if kind == "fill":
        return good if right else [bad, *good[1:]]
    if kind == "several":
        return good if right else [bad]
    if kind == "fix":
        return [variant.line - 1, good[0]] if right else [variant.line - 1, bad]
    return good[0] if right else bad


class Mouse:
    """Answers with the mouse alone; options and lines are really dragged."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def answer(self, box: Locator, kind: str, picks: Any) -> None:
        if kind == "fill":
            for blank, place in enumerate(picks, 1):
                option = box.locator(f'[data-focus="option-{place}"]')
                option.drag_to(box.locator(f'[data-blank="{blank}"]').last)
        elif kind == "order":
            for at, line in enumerate(picks):
                box.locator(f'[data-line="{line}"]').drag_to(box.locator("li[data-line]").nth(at))
        elif kind == "fix":
            box.locator(f'[data-focus="line-{picks[0]}"]').click()
            box.locator(f'[data-focus="option-{picks[1]}"]').click()
        elif kind == "several":
            for checked in box.locator("input:checked").all():
                checked.click()
            for place in picks:
                box.locator(f'[data-focus="option-{place}"]').click()
        elif kind == "typed":
            box.locator("textarea").fill(picks)
        else:
            box.locator(f'[data-focus="option-{picks}"]').click()

    def press(self, box: Locator, focus: str) -> None:
        box.locator(f'[data-focus="{focus}"]').click()


class Keyboard:
    """Answers with the keyboard alone, going from control to control by Tab."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def at(self) -> str:
        return str(self.page.evaluate("document.activeElement.dataset.focus || ''"))

    def go(self, box: Locator, *focus: str) -> None:
        """Press Tab, or Shift+Tab where it lies before, until one of `focus` has it."""
        if not box.evaluate("box => box.contains(document.activeElement)"):
            # As one comes from the cell above.
            controls = "button:enabled, input:enabled, textarea:enabled, [tabindex]"
            box.evaluate("(box, controls) => box.querySelector(controls).focus()", controls)
        for _ in range(60):
            if self.at() in focus:
                return
            back = box.evaluate(
                """(box, focus) => focus.some(one => {
                    const wanted = box.querySelector(`[data-focus="${one}"]`);
                    return wanted && wanted.compareDocumentPosition(document.activeElement) & 4;
                })""",
                list(focus),
            )
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"Tab never reached {focus}")

    def choose(self, box: Locator, key: str, place: int) -> None:
        """Choose one of a group of radio buttons: Tab enters it, arrows move in it."""
        self.go(box, *(f"{key}-{n}" for n in range(9)))
        self.page.keyboard.press("Space")
        for _ in range(9):
            if self.at() == f"{key}-{place}":
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow reached {key}-{place}")

    def answer(self, box: Locator, kind: str, picks: Any) -> None:
        keys = self.page.keyboard
        if kind == "fill":
            spots = box.locator("[data-blank]")
            for blank, place in enumerate(picks, 1):
                first = next(
                    n
                    for n in range(spots.count())
                    if spots.nth(n).get_attribute("data-blank") == str(blank)
                )
                self.go(box, f"blank-{first}")
                if spots.nth(first).get_attribute("aria-pressed") != "true":
                    keys.press("Enter")
                self.go(box, f"option-{place}")
                keys.press("Enter")
        elif kind == "order":
            for at, line in enumerate(picks):
                for _ in range(9):
                    now = [
                        int(one.get_attribute("data-line") or 0)
                        for one in box.locator("li[data-line]").all()
                    ]
                    if now.index(line) <= at:
                        break
                    self.go(box, f"up-{line}")
                    keys.press("Enter")
        elif kind == "fix":
            self.choose(box, "line", picks[0])
            self.choose(box, "option", picks[1])
        elif kind == "several":
            for place in range(box.locator("input").count()):
                if box.locator("input").nth(place).is_checked() != (place in picks):
                    self.go(box, f"option-{place}")
                    keys.press("Space")
        elif kind == "typed":
            self.go(box, "typed")
            keys.press("Control+a")
            keys.type(picks)
        else:
            self.choose(box, "option", picks)

    def press(self, box: Locator, focus: str) -> None:
        self.go(box, focus)
        self.page.keyboard.press("Enter")


@pytest.mark.long
@pytest.mark.parametrize("way", [Mouse, Keyboard])
def test_each_kind_is_answered_wrong_then_right(way: Any, journal: Journal, tmp_path: Path) -> None:
    with practising(tmp_path, [f'practice("{id}")' for id in IDS.values()]) as page:
        hand = way(page)
        for kind, id in IDS.items():
            box, one = deck(page, id), Round(id, journal)
            box.scroll_into_view_if_needed()
            if kind == "flashcard":
                hand.press(box, "main")
                expect(box.locator(".bc-back")).to_contain_text("divide")
                hand.press(box, "main")  # "Good" stands where the focus is
                expect(box.locator(".bc-actions")).to_contain_text("It comes back in")
                continue
            before = box.locator(".bc-actions").bounding_box()
            top = box.bounding_box()
            hand.answer(box, kind, places(one, right=False))
            hand.press(box, "main")
            verdict = box.locator(".bc-verdict")
            expect(verdict).to_contain_text("Not yet")
            expect(box.locator(".bc-tries")).to_have_text("2 attempts left")
            if kind != "typed":  # what one may type has no feedback of its own
                assert box.locator(".bc-verdict dd").count() >= 1
            expect(box.locator(".bc-help")).to_contain_text("Common mistakes")
            # What one has under the hand stays where it is.
            after, now = box.locator(".bc-actions").bounding_box(), box.bounding_box()
            assert before and top and after and now
            assert abs((after["y"] - now["y"]) - (before["y"] - top["y"])) < 2, kind
            hand.press(box, "hint")
            expect(box.locator(".bc-help")).to_contain_text("Hint")
            hand.answer(box, kind, places(one, right=True))
            hand.press(box, "main")
            expect(verdict).to_contain_text("Right")
            expect(box.locator(".bc-tries")).to_have_text("solved")
            expect(box.locator(".bc-help")).to_contain_text("Quick check")
        page.screenshot(path=SCREENSHOTS.with_name("practice-last.png"))
    entries = journal.read()
    for kind, id in IDS.items():
        assert entries.of(id).solved and not entries.of(id).at_once, kind
        assert [one.right for one in entries.of(id).tries] in ([False, True], [True])


def test_reload_and_restart_keep_what_was_done(journal: Journal, tmp_path: Path) -> None:
    done, open_, missed = IDS["choice"], IDS["several"], IDS["predict"]
    with practising(tmp_path, [f'practice("{id}")' for id in (done, open_, missed)]) as page:
        hand = Mouse(page)

        def as_before() -> None:
            expect(deck(page, done).locator(".bc-tries")).to_have_text("solved")
            expect(deck(page, open_).locator(".bc-tries")).to_have_text("2 attempts left")
            expect(deck(page, missed).locator(".bc-tries")).to_have_text("no attempt left")
            expect(deck(page, missed).locator(".bc-help")).to_contain_text("Solution")

        for id, answers in ((done, [True]), (open_, [False]), (missed, [False] * 3)):
            for number, right in enumerate(answers, 1):
                hand.answer(deck(page, id), deck_kind(id), places(Round(id, journal), right))
                hand.press(deck(page, id), "main")
                left = "solved" if right else f"{3 - number or 'no'} attempt"
                expect(deck(page, id).locator(".bc-tries")).to_contain_text(left)
        as_before()
        save(page)
        page.reload()
        page.locator(".bc-deck").nth(2).wait_for()
        as_before()
        # The kernel still listens to what is shown again.
        hand.press(deck(page, missed), "again")
        expect(deck(page, missed).locator(".bc-tries")).to_have_text("3 attempts left")
        for place in range(3):
            hand.answer(deck(page, missed), "predict", places(Round(missed, journal), False))
            hand.press(deck(page, missed), "main")
            left = f"{2 - place or 'no'} attempt"
            expect(deck(page, missed).locator(".bc-tries")).to_contain_text(left)
        page.evaluate("document.querySelectorAll('.bc-deck').forEach(one => one.dataset.old = 1)")
        page.get_by_role("button", name="Restart the kernel and run all cells").click()
        page.locator(".jp-Dialog .jp-mod-accept").click()
        page.locator(".bc-deck:not([data-old])").nth(2).wait_for()
        as_before()


def test_enter_goes_on_and_what_is_saved_without_its_kernel_is_text(
    journal: Journal, tmp_path: Path
) -> None:
    place = "01-tokenizing#quiz-batches"
    first, second = practice(place).ids[:2]
    with practising(tmp_path, [f'practice("{place}")']) as page:
        box, hand = page.locator(".bc-deck"), Keyboard(page)
        kept = page.locator("[data-bc-kept]")
        expect(kept).to_be_hidden()
        stem = Round(first, journal).stem
        hand.answer(box, stem.kind, places(Round(first, journal), right=True))
        page.keyboard.press("Enter")  # on the option
        expect(box.locator(".bc-verdict")).to_contain_text("Right")
        expect(box.locator("[data-focus=main]")).to_be_focused()
        page.keyboard.press("Enter")
        expect(box.locator(".bc-facts")).to_contain_text("Question 2 of")
        # Meanwhile another notebook, with a kernel of its own, solves the second question.
        one = Round(second, journal)
        one.submit(places(one, right=True))
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(box.locator(".bc-tries")).to_have_text("solved")
        page.get_by_role("menuitem", name="Kernel", exact=True).click()
        page.locator('li.lm-Menu-item[data-command="kernelmenu:restart"]').click()
        page.locator(".jp-Dialog .jp-mod-accept").click()
        expect(box.locator(".bc-problem")).to_contain_text(
            "The kernel was restarted. Run this cell"
        )
        save(page)
        page.reload()
        kept.wait_for()
        expect(kept).to_contain_text("2 of 6 solved. To go on, run this cell.")
        kept.locator("summary").first.click()
        expect(kept.locator("pre").first).to_contain_text("Your last answer:")
        expect(page.get_by_text("model not found")).to_be_hidden()
        kept.screenshot(path=SCREENSHOTS / "kept.png")


def test_the_same_widgets_work_in_notebook_7(journal: Journal, tmp_path: Path) -> None:
    name = notebook(tmp_path, ["from course.practice import *", f'practice("{IDS["fill"]}")'])
    with jupyterlab(tmp_path) as address, browser_page() as page:
        page.goto(f"{address}/notebooks/{name}?token={TOKEN}")
        page.get_by_text("Python 3 (ipykernel)").first.wait_for()
        run_all(page, timeout=60)
        box = page.locator(".bc-deck")
        Mouse(page).answer(box, "fill", places(Round(IDS["fill"], journal), right=True))
        Mouse(page).press(box, "main")
        expect(box.locator(".bc-verdict")).to_contain_text("Right")


def deck_kind(id: str) -> str:
    return next(kind for kind, one in IDS.items() if one == id)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_no_barrier_in_either_theme(theme: str, journal: Journal, tmp_path: Path) -> None:
    chosen = tmp_path / ".settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
    chosen.parent.mkdir(parents=True)
    chosen.write_text(json.dumps({"theme": theme}))
    picture = "from course.pictures.base import *\nPicture(new_figure(2, 1)[0], 'empty axes')"
    cells = [picture, *(f'practice("{id}")' for id in IDS.values())]
    with practising(tmp_path, [*cells, 'practice("01-tokenizing#quiz-batches")'], 800) as page:
        light = "true" if theme.endswith("Light") else "false"
        page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")
        shown = page.locator(".bc-picture").evaluate("image => getComputedStyle(image).filter")
        assert (shown == "none") == (light == "true"), shown
        hand = Mouse(page)
        for kind, id in IDS.items():
            if kind in ("fill", "choice", "fix", "several"):  # marked wrong, with feedback and help
                hand.answer(deck(page, id), kind, places(Round(id, journal), right=False))
                hand.press(deck(page, id), "main")
                expect(deck(page, id).locator(".bc-verdict")).to_be_visible()
            elif kind != "flashcard":  # marked right, with the solution
                hand.answer(deck(page, id), kind, places(Round(id, journal), right=True))
                hand.press(deck(page, id), "main")
                expect(deck(page, id).locator(".bc-help")).to_contain_text("Solution")
        hand.press(deck(page, IDS["flashcard"]), "main")
        expect(deck(page, IDS["flashcard"]).locator(".bc-back")).to_be_visible()
        for number, box in enumerate(page.locator(".bc-deck").all()):
            box.scroll_into_view_if_needed()
            box.screenshot(path=SCREENSHOTS / f"{light}-{number}.png")
            # Nothing sticks out at 800 pixels.
            assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
        found = Axe().run(page, context=".bc-deck")
        assert found.violations_count == 0, found.generate_report()


def with_all_kinds(wrong: Sequence[int]) -> str:
    """Return a student whose test has all kinds of the pool; lines left in their places are no answer."""
    for name in (f"student{number}" for number in range(1000)):
        kinds = [stem.kind for stem in drawn(name, pool())]
        if set(kinds) == {stem.kind for stem in pool()} and "order" not in [
            kinds[place] for place in wrong
        ]:
            return name
    raise LookupError("no student has all kinds")


@pytest.mark.long
def test_the_mastery_test_is_taken_handed_in_and_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    wrong = (2, 7)
    student = with_all_kinds(wrong)
    monkeypatch.setenv("JUPYTERHUB_USER", student)
    paths = set_up(CoursePaths(ROOT), tmp_path / "course", [MASTERY], lambda step: None)
    config = paths.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.ZygoteProvisioner.preload = []\n")
    work = paths.submitted / student / MASTERY
    shutil.copytree(paths.release / MASTERY, work)
    stems = drawn(student, pool())
    with jupyterlab(work) as address, browser_page(900) as page:
        open_notebook(page, address, "08-mastery-test.ipynb")
        run_all(page, timeout=60)
        box = page.locator(".bc-deck")
        for number, stem in enumerate(stems):
            # The first half by mouse, the second by keyboard; two wrong ones.
            hand: Any = Mouse(page) if number < 5 else Keyboard(page)
            picks = picks_of_test(stem, right=number not in wrong)
            expect(box.locator(".bc-facts")).to_contain_text(f"Question {number + 1} of 10")
            hand.answer(box, stem.kind, picks)
            expect(box.locator(".bc-status")).to_contain_text(
                f"{number + 1} of 10" if number < 9 else "All 10"
            )
            if number < 9:
                hand.press(box, "main")
        assert box.locator(".bc-verdict, .bc-help").count() == 0
        box.screenshot(path=SCREENSHOTS / "mastery.png")
        axe = Axe().run(page, context=".bc-deck")
        assert axe.violations_count == 0, axe.generate_report()
        save(page)
        page.reload()
        page.locator(".bc-deck").wait_for()
        expect(page.locator(".bc-status")).to_contain_text("All 10 answered")
    run("autograder", "grade", MASTERY, "--root", paths.root)
    (record,) = all_records(paths.records_folder)
    assert record.points == 8 and "8 of 10 right." in record.message
    assert "Not right: questions 3, 8." in record.message
