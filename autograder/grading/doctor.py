"""Says what this machine gives for grading: which protections hold, seen from inside a kernel."""

from __future__ import annotations

import json
import os
import platform
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import course
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import Task
from autograder.examining.examiner import examine
from autograder.examining.processes import Returned, StudentKernel
from autograder.kernels.client import ZygoteError, close_zygote
from autograder.kernels.containment import Limits
from autograder.kernels.preload import NOTEBOOKS
from autograder.preflight import check_materials
from autograder.records import Outcome


@dataclass(frozen=True)
class Protection:
    """One thing looked at: whether it is as it should be, and what was seen."""

    name: str
    good: bool
    seen: str


# Runs in a contained kernel, with `secret` a list of paths that must not exist there, and prints
# one JSON object. It only looks, and tries what must be refused.
LOOK = """
import ctypes, errno, json, os, resource, socket

def attempt(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "allowed"

def connect():
    with socket.create_connection(("192.0.2.1", 80), timeout=2):
        pass

def unshare():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000):
        raise OSError(ctypes.get_errno(), "unshare")

status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
disk = os.statvfs("/home/student")
print(json.dumps({
    "user": os.getuid(),
    "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
    "no_new_privs": status["NoNewPrivs"].strip(),
    "seccomp": status["Seccomp"].strip(),
    "processes": sum(name.isdigit() for name in os.listdir("/proc")),
    "interfaces": [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]],
    "connect": attempt(connect),
    "unshare": attempt(unshare),
    "write": attempt(lambda: open("/usr/written", "w")),
    # Of a folder of ours an empty one may be left.
    "visible": [p for p in secret if os.path.lexists(p) and not (os.path.isdir(p) and not os.listdir(p))],
    "disk": disk.f_blocks * disk.f_frsize // 2**20,
    "address_space": resource.getrlimit(resource.RLIMIT_AS)[0] // 2**20,
    "processes_allowed": resource.getrlimit(resource.RLIMIT_NPROC)[0],
}))
"""


def look_at_machine(paths: CoursePaths, task: Task, answer: Sequence[str]) -> list[Protection]:
    """Return what holds on this machine; grading is contained if all after `containment` is good.

    `answer` are the cells of a right answer to `task`: a contained kernel is given them, and the
    task is examined as at grading.
    """
    checks = [
        Protection(
            "system", platform.system() == "Linux", f"{platform.system()} {platform.release()}"
        ),
        _materials(),
        _gpu(),
    ]
    try:
        facts = _look_inside(paths)
    except (ZygoteError, OSError, RuntimeError, Empty) as error:
        return [*checks, Protection("containment", False, str(error))]
    limits = Limits()
    return [
        *checks,
        Protection("containment", True, "a kernel runs in namespaces of its own"),
        Protection(
            "user",
            facts["user"] != 0 and facts["capabilities"] == 0,
            f"user {facts['user']}, capabilities {facts['capabilities']:#x}",
        ),
        Protection("new privileges", facts["no_new_privs"] == "1", "no_new_privs is set"),
        Protection(
            "system calls",
            facts["seccomp"] == "2" and facts["unshare"] == "EPERM",
            f"filter on; a new namespace: {facts['unshare']}",
        ),
        Protection("processes", facts["processes"] == 1, f"{facts['processes']} visible: itself"),
        Protection(
            "network",
            facts["interfaces"] == ["lo"] and facts["connect"] != "allowed",
            f"{', '.join(facts['interfaces'])} alone; outward: {facts['connect']}",
        ),
        Protection("system files", facts["write"] == "EROFS", f"writing: {facts['write']}"),
        Protection(
            "private files",
            not facts["visible"],
            f"visible: {', '.join(facts['visible'])}" if facts["visible"] else "none visible",
        ),
        Protection("disk", facts["disk"] <= limits.disk, f"{facts['disk']} MiB to write"),
        Protection(
            "address space",
            facts["address_space"] == limits.address_space,
            f"{facts['address_space']} MiB a process, {facts['processes_allowed']} processes",
        ),
        Protection(
            "memory and time",
            True,
            f"{limits.memory} MiB in all and {limits.wall_seconds} s, watched from outside",
        ),
        _examined(task, answer),
    ]


def _examined(task: Task, answer: Sequence[str]) -> Protection:
    """Examine a right answer in a contained kernel, by the very way that grading takes."""
    name = f"examining {task.function}"
    try:
        with running_kernel(NOTEBOOKS) as (manager, client):
            for cell in answer:
                client.execute_interactive(cell, output_hook=lambda message: None, timeout=60)
            student = StudentKernel(
                client,
                interrupt=manager.interrupt_kernel,
                is_alive=manager.is_alive,
                mail=manager.provisioner.place.mail,
            )
            pinged = student.ping(["course"], 30)
            if pinged != Returned({"course": course.__file__}):
                return Protection(name, False, f"the kernel answered our own question: {pinged}")
            finding = examine(task, student, random.Random(0))
    except (CourseError, OSError, RuntimeError, Empty) as error:
        return Protection(name, False, str(error))
    return Protection(name, finding.outcome is Outcome.PASSED, finding.message)


def _materials() -> Protection:
    try:
        check_materials()
    except CourseError as error:
        return Protection("packages, model, reviews", False, str(error))
    return Protection("packages, model, reviews", True, "there, with the right checksum")


def _gpu() -> Protection:
    import torch

    if not torch.cuda.is_available():
        return Protection("device", True, f"CPU, {os.cpu_count()} cores")
    name, memory = torch.cuda.get_device_name(0), torch.cuda.mem_get_info()[1] / 2**30
    return Protection("device", True, f"{name}, {memory:.0f} GiB")


def _look_inside(paths: CoursePaths) -> dict[str, Any]:
    """Return what a contained kernel sees and may do."""
    secret = [
        str(path)
        for path in (
            paths.source, paths.exams, paths.gradebook, paths.submitted, paths.secret,
            paths.lessons, paths.store, Path.home() / ".bashrc", Path.home() / ".ssh",
        )
    ]  # fmt: skip
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])
        elif message["msg_type"] == "error":
            raise RuntimeError(": ".join(("inside", *message["content"]["traceback"][-1:])))

    with running_kernel(()) as (_, client):
        client.execute_interactive(f"secret = {secret!r}\n{LOOK}", output_hook=hear, timeout=30)
    facts: dict[str, Any] = json.loads("".join(said))
    return facts


@contextmanager
def running_kernel(preload: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Yield the manager and a client of a contained kernel that has imported `preload`."""
    from jupyter_client.manager import KernelManager
    from traitlets.config import Config

    manager = KernelManager(
        kernel_name="bert-classroom", config=Config({"ZygoteProvisioner": {"preload": [*preload]}})
    )
    manager.start_kernel()
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=30)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        close_zygote()
