"""Cells that wait for a task say so, and nothing stops."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from course import needs


def blank(text):
    raise NotImplementedError()


def written(text):
    return text


def test_a_cell_that_waits_names_what_it_waits_for() -> None:
    lines = ["%%needs blank gone written\n", "x = 1\n"]
    (line,) = needs.transformed(lines, {"blank": blank, "written": written})
    assert "`blank` and `gone`, which are not written yet" in line and "`written`" not in line


def test_a_cell_whose_functions_are_written_runs_with_its_line_numbers() -> None:
    lines = ["%%needs written\n", "x = 1\n"]
    assert needs.transformed(lines, {"written": written}) == ["\n", "x = 1\n"]
    assert needs.transformed(["x = 1\n"], {}) == ["x = 1\n"] and needs.transformed([], {}) == []


def test_in_a_notebook_nothing_stops_and_what_is_written_shows_its_value() -> None:
    shell = InteractiveShell()
    InteractiveShell._instance = shell
    try:
        needs.register()
        needs.register()
        assert (
            len(
                [
                    one
                    for one in shell.input_transformers_cleanup
                    if getattr(one, "__name__", "") == "needs"
                ]
            )
            == 1
        )
        shell.run_cell("def f(): raise NotImplementedError()").raise_error()
        shell.run_cell("%%needs f\nz = f()").raise_error()
        assert "z" not in shell.user_ns
        shell.run_cell("def f(): return 7").raise_error()
        assert shell.run_cell("%%needs f\nf()").result == 7
    finally:
        InteractiveShell._instance = None
