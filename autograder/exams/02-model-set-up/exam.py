"""The exam of lesson 02: a classifier on a checkpoint, its logits, its parameters.

Each task is its visible check on other draws, and judges as that does: what is right is computed
from the drawn seed, where the student's code cannot reach.
"""

from __future__ import annotations

from autograder.examining.exam import Task
from course.checks import attention, freezing, logits, model_setup, parameters


class BuildClassifier(model_setup.BuildClassifier, Task):
    """The checkpoint's encoder carries a new head with one logit per class, and the classes have names."""

    answer_id = "build-classifier"
    points = 3
    timeout = 30


class PredictLogits(logits.PredictLogits, Task):
    """Every review of the batch gets its logits, the same each time and whatever the padding."""

    answer_id = "predict-logits"
    points = 3
    timeout = 15


class CountParameters(parameters.CountParameters, Task):
    """All numbers in the model's weights are counted, and those that training may change."""

    answer_id = "count-parameters"
    points = 2
    timeout = 10


class FreezeEncoder(freezing.FreezeEncoder, Task):
    """A training step changes the classification head, and nothing else."""

    answer_id = "freeze-encoder"
    points = 2
    timeout = 15


class AttentionHead(attention.AttentionHead, Task):
    """Each token gets the mean of the values that it looks at, weighted by softmax of its scores."""

    answer_id = "attention-head"
    points = 2
    timeout = 10


TASKS = [BuildClassifier, PredictLogits, CountParameters, FreezeEncoder, AttentionHead]
