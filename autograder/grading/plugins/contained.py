"""nbgrader's Execute in a contained kernel, whatever the notebook: bounded output, no surprises.

Lessons with an exam are run by a class built on this one; other assignments, whose tests are cells
of the notebook itself, by this one alone.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer

from autograder.kernels.containment import Limits
from autograder.kernels.manager import GradingKernelManager

#: The kernelspec whose kernels come out of the warm process, contained; and Jupyter's own.
CONTAINED, PLAIN = "bert-classroom", "python3"
#: Seconds in which a cell that has printed too much may end by itself.
INTERRUPT_AFTER = 0.2


class ContainedExecute(Execute):
    """nbgrader's Execute, its kernel contained and what the kernel prints bounded."""

    contained = Bool(True, help="False runs submissions as the grader's user.").tag(config=True)
    output_limit = Integer(
        4 * 2**20, help="Bytes that one cell may print; then it is interrupted."
    ).tag(config=True)
    output_limit_in_all = Integer(
        32 * 2**20, help="Bytes that a notebook may print; what follows is dropped."
    ).tag(config=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("kernel_manager_class", GradingKernelManager)
        super().__init__(*args, **kwargs)
        self.folder = Path()
        #: An interrupt on its way, kept so that it is not forgotten half-way.
        self._interrupting: asyncio.Future[Any] | None = None
        self._begin()

    def _begin(self) -> None:
        self.printed: dict[int, int] = {}
        self.printed_in_all = 0
        #: Cells of whose output a part was dropped.
        self.cut: set[int] = set()
        #: The cell that runs now.
        self.running: int | None = None

    def preprocess(self, nb: NotebookNode, resources: Any, km: Any = None) -> Any:
        """See nbconvert's ExecutePreprocessor."""
        self._begin()
        self.kernel_name = CONTAINED if self.contained else PLAIN
        return super().preprocess(nb, resources, km)

    def limits(self) -> Limits:
        """Return what one submission may use."""
        own = self.config.get("ZygoteProvisioner", {})
        default = Limits()
        return Limits(
            memory=own.get("memory", default.memory),
            disk=own.get("disk", default.disk),
            wall_seconds=own.get("wall_seconds", default.wall_seconds),
        )

    def set_widgets_metadata(self) -> None:
        """See nbclient; nobody is shown a widget's state, for which a kernel may send anything."""

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        """See nbclient; what a cell prints beyond the limit is dropped, and the cell interrupted."""
        size = _size(msg["content"])
        before = self.printed.get(cell_index, 0)
        now = self.printed[cell_index] = before + size
        self.printed_in_all += size
        limit = self.output_limit
        if now <= limit and self.printed_in_all <= self.output_limit_in_all:
            return super().process_message(msg, cell, cell_index)
        if cell_index not in self.cut:
            self.cut.add(cell_index)
            words = f"more than {limit:,} bytes"
            if now <= limit:
                words = f"more than {self.output_limit_in_all:,} bytes in all cells"
            words = f"\n[{words}: the rest was dropped]\n"
            cell.outputs.append(new_output("stream", name="stdout", text=words))
        if now > limit and (now - before > limit or now // limit > before // limit):
            # Once for each limit's worth: a cell that swallows one interrupt gets another.
            self._interrupting = asyncio.ensure_future(self._interrupt(cell_index))
        if msg["msg_type"] == "status":
            return super().process_message(msg, cell, cell_index)
        return None

    async def _interrupt(self, cell_index: int) -> None:
        """Interrupt a cell, if it goes on after its output was read: the next one has done nothing."""
        await asyncio.sleep(INTERRUPT_AFTER)
        if self.running == cell_index:
            await self.km.interrupt_kernel()

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> Any:
        """See nbconvert's ExecutePreprocessor."""
        return self.run_cell(cell, resources, index)

    def run_cell(self, cell: NotebookNode, resources: Any, index: int) -> Any:
        """Run one cell in the kernel, whatever it is."""
        self.running = index
        try:
            return super().preprocess_cell(cell, resources, index)
        finally:
            self.running = None


def _size(content: dict[str, Any]) -> int:
    """Return about how many bytes a message's content holds."""
    return len(json.dumps(content, default=str))
