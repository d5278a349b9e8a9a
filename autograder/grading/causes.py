"""First causes: what went wrong earlier, or lies in the grader's machine, and explains a failure.

A task often fails for something that happened above it: a cell that stopped at an import, a limit
that was reached. The cells that stopped are remembered, and a finding that follows from one of
them says so in its first sentence.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass, field

from autograder.grading.names import defined
from autograder.kernels.containment import Limits
from autograder.records import Finding, Outcome

#: What notebooks of this course are known to use; those that are installed are named.
PACKAGES = (
    "accelerate", "datasets", "matplotlib", "numpy", "pandas", "safetensors", "scipy", "sklearn",
    "tokenizers", "torch", "tqdm", "transformers",
)  # fmt: skip
_NAME = re.compile(r"name '(\w+)' is not defined")
_MODULE = re.compile(r"No module named '([\w.]+)'")
#: Findings that may follow from something that happened earlier.
_FOLLOWS = ("missing-name", "cell-error", "raised", "class-not-imported")


@dataclass(frozen=True)
class StoppedCell:
    """A student's cell that stopped with an exception: its number, and what it would have bound."""

    number: int
    error: str
    names: frozenset[str]

    @property
    def sentence(self) -> str:
        return f"Cell {self.number} of your notebook stopped with {self.error.rstrip('.')}."


@dataclass
class Causes:
    """What is known of first causes in one submission."""

    limits: Limits
    gpu: bool = False
    stopped: list[StoppedCell] = field(default_factory=list)
    #: Sentences that the next finding tells, whatever came of it.
    pending: list[str] = field(default_factory=list)
    #: Names that cells which only show would bind, with the number of the cell.
    only_shown: dict[str, int] = field(default_factory=dict)

    def note(self, number: int, source: str, error: str) -> None:
        """Remember that the cell `number` stopped with `error`."""
        cell = StoppedCell(number, error, defined(source))
        self.stopped.append(cell)
        if missing_module(error) and (reason := self._machine(error)):
            self.pending.append(f"{cell.sentence} {reason}")

    def explained(self, finding: Finding, function: str) -> Finding:
        """Return `finding` with its first cause in front, where one is known.

        A package that is not installed is told once even where it cost nothing.
        """
        pending, self.pending = self.pending, []
        sentences: list[str] = []
        if finding.outcome not in (Outcome.PASSED, Outcome.GRADER_ERROR, Outcome.NOT_ATTEMPTED):
            if (cell := self._stopped_before(finding, function)) is not None:
                sentences.append(cell.sentence)
            if reason := self._machine(" ".join([*sentences, finding.message])):
                sentences.append(reason)
        told = [one for one in pending if not any(one.startswith(two) for two in sentences)]
        if not (sentences or told):
            return finding
        message = " ".join([*sentences, finding.message, *told])
        return finding.model_copy(update={"message": message})

    def _stopped_before(self, finding: Finding, function: str) -> StoppedCell | None:
        if finding.misconception not in _FOLLOWS:
            return None
        missing = {function} if finding.misconception != "raised" else set()
        missing |= set(_NAME.findall(finding.message))
        return next((cell for cell in self.stopped if cell.names & missing), None)

    def _machine(self, text: str) -> str | None:
        """Return what the grader's machine has to do with an error, in a sentence."""
        if found := _MODULE.search(text):
            package = found[1].partition(".")[0]
            have = ", ".join(name for name in PACKAGES if importlib.util.find_spec(name))
            return (
                f"The package {package!r} is not installed where your work is graded. There are "
                f"{have} and what these need."
            )
        if "No space left on device" in text:
            return (
                f"Your notebook had written {self.limits.disk} MiB, which is all that a submission "
                "may write at grading."
            )
        if "Cannot allocate memory" in text or "MemoryError" in text:
            return (
                f"At grading a submission may hold {self.limits.memory} MiB of memory, and each of "
                f"its processes {self.limits.address_space} MiB of addresses."
            )
        if not self.gpu and re.search(
            r"not compiled with CUDA|Found no NVIDIA driver|No CUDA GPUs|CUDA error", text
        ):
            return (
                "There is no GPU where your work is graded. Choose the device by "
                "`torch.cuda.is_available()`, or use the one that your function is given."
            )
        if self.limits.file_size and "File too large" in text:
            return f"At grading one file may have {self.limits.file_size} MiB."
        return None


def missing_module(error: str) -> str | None:
    """Return the module that an error says is not installed, or None."""
    found = _MODULE.search(error) if error.startswith("ModuleNotFoundError") else None
    return found[1] if found else None


def missing_name(finding: Finding) -> str | None:
    """Return the name that a failed examination lacked, or None."""
    found = _NAME.search(finding.message)
    return found[1] if found else None
