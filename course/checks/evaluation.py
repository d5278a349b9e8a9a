"""Visible check of lesson 05: accuracy and loss of a model over all rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.checks.mistakes import code, mistake
from course.checks.model_evaluation import Evaluated, Evaluation, watched
from course.checks.tiny import Batch
from course.checks.values import near, need_mapping, need_number


class EvaluatedScores(Evaluated):
    """What is to be seen in results of `evaluate`."""

    @staticmethod
    def read(result: Any) -> tuple[float, float | None]:
        """See :class:`Evaluated`."""
        if isinstance(result, tuple | list):
            raise mistake("evaluate-not-a-dict", returned=code(result))
        found = need_mapping(result, ["accuracy", "loss"], "The result of evaluate")
        return (
            need_number(found["accuracy"], 'The "accuracy" of evaluate'),
            need_number(found["loss"], 'The "loss" of evaluate'),
        )


class Evaluate(Evaluation):
    """Accuracy and loss are those of all rows, asked with dropout off and without gradients."""

    function = "evaluate"
    facts = EvaluatedScores
    signs = {
        "evaluate-dropout-on": lambda it: it.wrong and it.dropout,
        "evaluate-keys-swapped": lambda it: (
            it.accuracy_is("swapped") and near(it.loss, it.right.accuracy)
        ),
        "evaluate-counts": lambda it: it.accuracy_is("count"),
        "evaluate-percent": lambda it: it.accuracy_is("percent"),
        "length-of-batch": lambda it: it.accuracy_is("length"),
        "evaluate-first-batch-only": lambda it: it.accuracy_is("first"),
        "evaluate-last-batch-only": lambda it: it.accuracy_is("last"),
        "evaluate-mean-of-accuracies": lambda it: it.accuracy_is("means"),
        "evaluate-mask-forgotten": lambda it: it.accuracy_is("unmasked"),
        "evaluate-error-rate": lambda it: it.accuracy_is("errors"),
        "kept-between-calls": lambda it: it.accuracy_is("kept"),
        "evaluate-wrong-accuracy": lambda it: it.wrong_accuracy,
        "evaluate-loss-not-weighted": lambda it: it.loss_is("means"),
        "evaluate-loss-summed": lambda it: it.loss_is("summed"),
        "evaluate-loss-too-small": lambda it: it.loss_is("divided"),
        "evaluate-loss-of-last-batch": lambda it: it.loss_is("last"),
        "evaluate-wrong-loss": lambda it: it.wrong,
        "model-left-changed": lambda it: it.change,
        "evaluate-keeps-gradients": lambda it: it.gradients,
    }
    raised = (
        "evaluate-without-labels",
        "evaluate-wrong-axis",
        "evaluate-numpy-with-gradients",
        "evaluate-batch-not-moved",
        "evaluate-batch-in-one-piece",
    )
    told = (
        "evaluate-not-a-dict",
        "returns-none",
        "wrong-type",
        "missing-key",
        "not-a-number",
        "not-finite",
    )

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Evaluate a model; on a GPU the batches stay on the CPU: moving them is the student's part."""
        import torch

        return watched(function, inputs, Batch, "cuda" if torch.cuda.is_available() else "cpu")


CHECKS = (Evaluate,)
