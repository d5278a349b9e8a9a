"""Says what this machine gives for grading: which protections hold, seen from inside a kernel."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.kernels.client import ZygoteError, close_zygote
from autograder.kernels.containment import Limits
from autograder.preflight import check_materials


@dataclass(frozen=True)
class Check:
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


def look_at_machine(paths: CoursePaths) -> list[Check]:
    """Return all checks; grading is contained if those after `containment` are good."""
    checks = [
        Check("system", platform.system() == "Linux", f"{platform.system()} {platform.release()}"),
        _materials(),
        _gpu(),
    ]
    try:
        facts = _look_inside(paths)
    except (ZygoteError, OSError, RuntimeError, Empty) as error:
        return [*checks, Check("containment", False, str(error))]
    limits = Limits()
    return [
        *checks,
        Check("containment", True, "a kernel runs in namespaces of its own"),
        Check(
            "user",
            facts["user"] != 0 and facts["capabilities"] == 0,
            f"user {facts['user']}, capabilities {facts['capabilities']:#x}",
        ),
        Check("new privileges", facts["no_new_privs"] == "1", "no_new_privs is set"),
        Check(
            "system calls",
            facts["seccomp"] == "2" and facts["unshare"] == "EPERM",
            f"filter on; a new namespace: {facts['unshare']}",
        ),
        Check("processes", facts["processes"] == 1, f"{facts['processes']} visible: itself"),
        Check(
            "network",
            facts["interfaces"] == ["lo"] and facts["connect"] != "allowed",
            f"{', '.join(facts['interfaces'])} alone; outward: {facts['connect']}",
        ),
        Check("system files", facts["write"] == "EROFS", f"writing: {facts['write']}"),
        Check(
            "private files",
            not facts["visible"],
            f"visible: {', '.join(facts['visible'])}" if facts["visible"] else "none visible",
        ),
        Check("disk", facts["disk"] <= limits.disk, f"{facts['disk']} MiB to write"),
        Check(
            "address space",
            facts["address_space"] == limits.address_space,
            f"{facts['address_space']} MiB a process, {facts['processes_allowed']} processes",
        ),
        Check(
            "memory and time",
            True,
            f"{limits.memory} MiB in all and {limits.wall_seconds} s, watched from outside",
        ),
    ]


def _materials() -> Check:
    try:
        check_materials()
    except CourseError as error:
        return Check("packages, model, reviews", False, str(error))
    return Check("packages, model, reviews", True, "there, with the right checksum")


def _gpu() -> Check:
    import torch

    if not torch.cuda.is_available():
        return Check("device", True, f"CPU, {os.cpu_count()} cores")
    name, memory = torch.cuda.get_device_name(0), torch.cuda.mem_get_info()[1] / 2**30
    return Check("device", True, f"{name}, {memory:.0f} GiB")


def _look_inside(paths: CoursePaths) -> dict[str, Any]:
    """Return what a contained kernel sees and may do."""
    from jupyter_client.manager import KernelManager
    from traitlets.config import Config

    secret = [
        str(path)
        for path in (
            paths.source, paths.exams, paths.gradebook, paths.submitted, paths.secret,
            paths.lessons, paths.store, Path.home() / ".bashrc", Path.home() / ".ssh",
        )
    ]  # fmt: skip
    manager = KernelManager(
        kernel_name="bert-classroom", config=Config({"ZygoteProvisioner": {"preload": []}})
    )
    manager.start_kernel()
    client = manager.client()
    said: list[str] = []
    try:
        client.start_channels()
        client.wait_for_ready(timeout=30)

        def hear(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                said.append(message["content"]["text"])
            elif message["msg_type"] == "error":
                raise RuntimeError(": ".join(("inside", *message["content"]["traceback"][-1:])))

        client.execute_interactive(f"secret = {secret!r}\n{LOOK}", output_hook=hear, timeout=30)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        close_zygote()
    facts: dict[str, Any] = json.loads("".join(said))
    return facts
