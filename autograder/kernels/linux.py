"""Thin functions for the Linux calls that containment needs and Python's `os` lacks.

Numbers and structures are those of the kernel's own headers (linux/sched.h, linux/mount.h,
linux/prctl.h, linux/capability.h); each function raises OSError with the call's name.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import socket
import struct

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
CLONE_NEWCGROUP = 0x02000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2

MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
AT_FDCWD, AT_RECURSIVE = -100, 0x8000

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION_3 = 0x20080522

#: Numbers of calls that glibc does not wrap (the same on both machines, but for pivot_root).
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, name: str, detail: str = "") -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}{detail}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move this process (for a PID namespace: its children) into new namespaces."""
    _check(_libc.unshare(flags), "unshare", f" {flags:#x}")


def mount(
    source: str | None, target: str, kind: str | None = None, flags: int = 0, data: str = ""
) -> None:
    """Mount, as mount(2)."""
    result = _libc.mount(
        source.encode() if source else None,
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() if data else None,
    )
    _check(result, "mount", f" {target}")


def bind(source: str, target: str, *, read_only: bool) -> None:
    """Bind `source` with all below it to `target`; no set-user-ID and no device files work there."""
    mount(source, target, None, MS_BIND | MS_REC)
    wanted = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (MOUNT_ATTR_RDONLY if read_only else 0)
    set_attributes(target, wanted)


def set_attributes(target: str, wanted: int) -> None:
    """Set attributes on a mount and all below it, as mount_setattr(2)."""
    attributes = struct.pack("QQQQ", wanted, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(AT_FDCWD),
        target.encode(),
        ctypes.c_uint(AT_RECURSIVE),
        attributes,
        ctypes.c_size_t(len(attributes)),
    )
    _check(result, "mount_setattr", f" {target}")


def pivot_root(new_root: str, put_old: str) -> None:
    """Make `new_root` the root; the old one is then at `put_old`."""
    number = _PIVOT_ROOT[platform.machine()]
    _check(_libc.syscall(ctypes.c_long(number), new_root.encode(), put_old.encode()), "pivot_root")


def detach(target: str) -> None:
    """Unmount `target` with all below it."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), "umount2", f" {target}")


def prctl(option: int, *arguments: int | ctypes.c_void_p) -> None:
    """Call prctl(2)."""
    rest = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    rest += [ctypes.c_ulong(0)] * (4 - len(rest))
    _check(_libc.prctl(ctypes.c_int(option), *rest), "prctl", f" {option}")


def drop_capabilities() -> None:
    """Give up all capabilities, for this process and everything it starts."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # the kernel knows no more than these
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    head = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(head, struct.pack("IIIIII", 0, 0, 0, 0, 0, 0)), "capset")


def raise_loopback() -> None:
    """Bring the network device `lo` up: libzmq stops the process where it is down."""
    get_flags, set_flags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sH14s", b"lo", 0, b"")
        name, flags, rest = struct.unpack("16sH14s", fcntl.ioctl(handle, get_flags, request))
        fcntl.ioctl(handle, set_flags, struct.pack("16sH14s", name, flags | up, rest))
