"""The notebook that asks, examined in its own kernel: for learners who mark their own work.

It is the way where no second process is to be had, as on Colab. The examiner asks the same
questions, on inputs drawn for this call, and judges by the same facts as for a class. What it does
not do is protect: the code that is examined could read the exam, change the examiner or replace the
marks. It trusts the learner, who deceives nobody else. What can go wrong by mistake is seen to:
inputs and replies are copied as plain data, global settings are the usual ones while a function
runs and are put back, and so is torch's generator. An endless loop is ended by the stop button.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from autograder.examining import responder
from autograder.examining.exam import Task
from autograder.examining.examiner import examine
from autograder.examining.messages import reply_in
from autograder.examining.processes import Reply, request_for, understood
from autograder.records import Finding
from course.checks.base import Raised
from course.plain import pack
from course.settings import usual_settings


class StudentNotebook:
    """The names of the notebook that asks."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names

    def ask(
        self, function: str, observe: Callable[..., Any], inputs: dict[str, Any], timeout: float
    ) -> Reply:
        """See :class:`StudentProcess`; raises KeyboardInterrupt, and `timeout` is not watched."""
        request = pack(request_for(function, observe, inputs))
        reply = understood(lambda: reply_in(responder.answered(request, self.names)))
        if isinstance(reply, Raised) and reply.type_name == "KeyboardInterrupt":
            raise KeyboardInterrupt
        return reply


def examine_here(task: Task, names: dict[str, Any]) -> Finding:
    """Try `task` on the functions in `names` and return the finding."""
    import torch

    with usual_settings(), torch.random.fork_rng(devices=[]):
        return examine(task, StudentNotebook(names), random.SystemRandom())
