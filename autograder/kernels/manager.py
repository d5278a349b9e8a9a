"""A kernel manager for grading: ready without waiting, and deaf to messages beyond all measure."""

from __future__ import annotations

import asyncio
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type, default

#: One message may have so many bytes; a longer one ends the connection before it fills memory.
MAX_MESSAGE = 32 * 2**20
#: So many messages wait on one socket while nobody reads; the kernel keeps a thousand more.
MAX_WAITING = 16


def bounded_context(context: Any, largest: int = MAX_MESSAGE) -> Any:
    """Return a ZeroMQ `context` whose sockets hold a bounded amount, whatever a kernel sends."""
    context.setsockopt(zmq.MAXMSGSIZE, largest)
    context.setsockopt(zmq.RCVHWM, MAX_WAITING)
    return context


class PromptClient(AsyncKernelClient):
    """A client that is ready when the kernel has answered, with no fixed time of waiting after it.

    jupyter_client waits 0.2 s for silence on iopub; here the wait ends with the `idle` that
    belongs to the question which was asked last.
    """

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        over = loop.time() + (60.0 if timeout is None else timeout)
        asked: set[str] = set()
        while loop.time() < over:
            # Asked again as long as iopub, whose subscription takes its time, is not heard.
            asked.add(self.kernel_info())
            try:
                reply = await self._async_get_shell_msg(timeout=1.0)
                if reply["msg_type"] != "kernel_info_reply":
                    continue
                while not self._is_idle_after(
                    message := await self._async_get_iopub_msg(0.02), asked
                ):
                    pass
            except Empty:
                if self.parent is None or not await self.parent.is_alive():
                    raise RuntimeError("The kernel died before it was ready") from None
                continue
            self._handle_kernel_info_reply(reply)
            await self._drain(asked - {message["parent_header"]["msg_id"]})
            return
        raise RuntimeError("The kernel did not become ready in time")

    # jupyter_client's own public name is bound to its own method.
    wait_for_ready = _async_wait_for_ready

    @staticmethod
    def _is_idle_after(message: dict[str, Any], asked: set[str]) -> bool:
        return (
            message["msg_type"] == "status"
            and message["content"]["execution_state"] == "idle"
            and message["parent_header"].get("msg_id") in asked
        )

    async def _drain(self, unanswered: set[str]) -> None:
        """Take the answers to earlier questions off the line, as far as they have come."""
        try:
            for _ in unanswered:
                await self._async_get_shell_msg(timeout=0.05)
            while unanswered:
                await self._async_get_iopub_msg(timeout=0.02)
        except Empty:
            pass


class GradingKernelManager(AsyncKernelManager):
    """Makes prompt clients whose sockets refuse messages over :data:`MAX_MESSAGE` bytes."""

    client_class = f"{__name__}.PromptClient"
    client_factory: Any = Type(klass=AsyncKernelClient)

    async def _async_wait(self, pollinterval: float = 0.005) -> None:
        # jupyter_client looks ten times a second whether a killed kernel is gone.
        await super()._async_wait(pollinterval)

    @default("client_factory")
    def _client_factory_default(self) -> type[PromptClient]:
        return PromptClient

    @default("context")
    def _context_default(self) -> zmq.Context[Any]:
        self._created_context = True
        return bounded_context(zmq.asyncio.Context())
