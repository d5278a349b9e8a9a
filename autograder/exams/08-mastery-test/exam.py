"""The mastery test: ten questions from the bank in `questions/`, another ten for each student."""

from __future__ import annotations

from pathlib import Path

from autograder.examining.mastery import MasteryTask


class Mastery(MasteryTask):
    """Ten questions over all six topics."""

    questions = Path(__file__).resolve().parent / "questions"


TASKS = [Mastery]
