"""A kernel provisioner for jupyter_client: kernels are forked from the zygote.

Chosen by the kernelspec `bert-classroom` through the entry-point group
`jupyter_client.kernel_provisioners`, so that nbclient, nbgrader and formgrader use it unchanged.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Integer, Unicode
from traitlets import List as ListTrait

from autograder.kernels.client import Kernel, Zygote, current_zygote
from autograder.kernels.containment import Limits, Place
from autograder.kernels.preload import NOTEBOOKS


class ZygoteProvisioner(KernelProvisionerBase):
    """Forks kernels from this process's zygote, contained unless told otherwise."""

    preload = ListTrait(
        Unicode(), list(NOTEBOOKS), help="Modules that kernels find already imported."
    ).tag(config=True)
    readable = ListTrait(
        Unicode(), help="Additional files and folders that a submission may read."
    ).tag(config=True)
    contained = Bool(
        True, help="False runs submissions with the permissions of the grader's user."
    ).tag(config=True)
    memory = Integer(Limits.memory, help="Memory limit for a kernel and its children, in MiB.").tag(
        config=True
    )
    wall_seconds = Integer(
        Limits.wall_seconds, help="Time limit for a whole notebook, in seconds."
    ).tag(config=True)
    disk = Integer(Limits.disk, help="Disk limit for a notebook, in MiB.").tag(config=True)
    threads = Integer(0, help="torch threads per kernel; 0: use OMP_NUM_THREADS.").tag(config=True)
    gpu = Bool(False, help="Pass the GPU's device files through.").tag(config=True)

    kernel: Kernel | None = None
    place: Place | None = None

    @property
    def has_process(self) -> bool:
        return self.kernel is not None

    @property
    def ended(self) -> str | None:
        """Why the kernel has ended, in its supervisor's words; None while it runs."""
        return self.kernel.ended if self.kernel is not None else "it was never started"

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """See jupyter_client: settle where the sockets will be."""
        kwargs.pop("extra_arguments", None)
        submission = kwargs.get("cwd")
        self.place = self._zygote().new_place(
            Path(submission).resolve() if submission else None, tuple(self.readable), gpu=self.gpu
        )
        manager = self.parent
        assert manager is not None
        manager.transport = "ipc"
        manager.cache_ports = False
        # A socket's path may have 107 bytes.
        manager.ip = str(self.place.sockets / "k")
        manager.connection_file = str(self.place.mail / "connection.json")
        for number, name in enumerate(("shell", "iopub", "stdin", "hb", "control"), 1):
            setattr(manager, f"{name}_port", number)
        manager.write_connection_file()
        Path(manager.connection_file).chmod(0o644)  # its folder is the grader's alone
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """See jupyter_client: returns when the kernel's sockets are there."""
        import os

        assert self.place is not None
        limits = Limits(memory=self.memory, wall_seconds=self.wall_seconds, disk=self.disk)
        threads = self.threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
        self.kernel = self._zygote().fork(
            self.place, limits, contained=self.contained, threads=threads
        )
        return self.connection_info

    def _zygote(self) -> Zygote:
        return current_zygote(tuple(self.preload))

    async def poll(self) -> int | None:
        """See jupyter_client."""
        return None if self.kernel is not None and self.kernel.alive() else 1

    async def wait(self) -> int | None:
        """See jupyter_client."""
        while self.kernel is not None and not self.kernel.wait(0):
            await asyncio.sleep(0.002)
        self._close()
        return 1

    async def send_signal(self, signum: int) -> None:
        """See jupyter_client."""
        if self.kernel is not None:
            self.kernel.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """See jupyter_client."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """See jupyter_client: a kernel of ours holds nothing that it would have to save."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """See jupyter_client."""
        self._close()

    def _close(self) -> None:
        if self.kernel is not None:
            self.kernel.close()
            self.kernel = None

    async def get_provisioner_info(self) -> dict[str, Any]:
        """See jupyter_client."""
        return {**await super().get_provisioner_info(), "contained": self.contained}

    def get_shutdown_wait_time(self, recommended: float = 5.0) -> float:
        """See jupyter_client."""
        return min(recommended, 1.0)
