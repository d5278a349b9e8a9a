"""What nbgrader is told to use of ours, by `nbgrader_config.py`: one module a seam."""


def use() -> None:
    """Put our parts where nbgrader has no setting for them: its autograde, and formgrader."""
    from autograder.grading.plugins import autograde, formgrader

    autograde.use()
    formgrader.use()
