"""The exam of lesson 05: a step, an evaluation, and one real run."""

from __future__ import annotations

from autograder.examining.exam import Task
from autograder.verdict.task import FineTune
from course.checks import evaluation, train_step


class TrainStep(train_step.TrainStep, Task):
    """One step makes the model learn from one batch, with clipped gradients, at the planned rate."""

    answer_id = "train-step"
    points = 5
    timeout = 20


class Evaluate(evaluation.Evaluate, Task):
    """Accuracy and loss are those of all rows, asked with dropout off and without gradients."""

    answer_id = "evaluate"
    points = 5
    timeout = 20


TASKS = [TrainStep, Evaluate, FineTune]
