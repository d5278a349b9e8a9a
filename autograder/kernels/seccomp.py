"""A filter of system calls: what no notebook needs and every escape wants is refused.

Mounting, namespaces, tracing, kernel keys, io_uring and their kin fail with EPERM. clone3 fails
with ENOSYS, upon which the C library takes clone, whose flags a filter can read. Sockets are
local, IPv4, IPv6 or netlink; others (vsock, packet, crypto) are not bounded by a network
namespace. Memory that no limit counts (memfd, System V shared memory) cannot be had; a wish for
larger buffers of a socket is heard and not granted.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct

from autograder.kernels import linux

# BPF's instructions and what a seccomp filter can answer: linux/bpf_common.h, linux/seccomp.h.
_LOAD, _JUMP_EQUAL, _JUMP_SET, _JUMP_FROM, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 24, 32
_SECCOMP_MODE_FILTER = 2
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

_NEW_NAMESPACES = (
    linux.CLONE_NEWNS | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC | linux.CLONE_NEWUSER
    | linux.CLONE_NEWPID | linux.CLONE_NEWNET | linux.CLONE_NEWCGROUP
)  # fmt: skip
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)

#: Refused calls by name: their numbers on x86_64 and aarch64 (None where there is no such call).
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "mount_setattr": (442, 442), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "unshare": (272, 97), "setns": (308, 268),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272), "perf_event_open": (298, 241),
    "bpf": (321, 280), "userfaultfd": (323, 282), "seccomp": (317, 277),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162),
    "syslog": (103, 116), "vhangup": (153, 58), "iopl": (172, None), "ioperm": (173, None),
    "modify_ldt": (154, None),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), (435, 435)
_SOCKET, _SOCKETPAIR, _PRCTL, _SETSOCKOPT = (41, 198), (53, 199), (157, 167), (54, 208)
#: SO_SNDBUF, SO_RCVBUF, and the same two by force: asm-generic/socket.h.
_BUFFER_SIZES = (7, 8, 32, 33)


class UnsupportedError(OSError):
    """This machine's processor is none that the filter is written for."""


def program(machine: str) -> bytes:
    """Return the filter for `machine` as BPF instructions; raises :class:`UnsupportedError`."""
    if machine not in _AUDIT_ARCH:
        raise UnsupportedError(errno.ENOSYS, f"no filter of system calls for {machine}")
    column = list(_AUDIT_ARCH).index(machine)
    code: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    refuse = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    if machine == "x86_64":
        # The x32 numbers name the same calls once more.
        code += [(_JUMP_FROM, 0, 1, _X32), refuse]
    for numbers in REFUSED.values():
        if (number := numbers[column]) is not None:
            code += [(_JUMP_EQUAL, 0, 1, number), refuse]
    code += [(_JUMP_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    # Of these the first argument decides; it is loaded, compared, and the filter ends.
    allow = (_RETURN, 0, 0, _ALLOW)
    load = (_LOAD, 0, 0, _FIRST_ARGUMENT)
    code += [
        (_JUMP_EQUAL, 0, 4, _CLONE[column]), load, (_JUMP_SET, 0, 1, _NEW_NAMESPACES), refuse, allow,
    ]  # fmt: skip
    # Without a parent's death as a signal a kernel would outlive its supervisor.
    code += [
        (_JUMP_EQUAL, 0, 4, _PRCTL[column]), load,
        (_JUMP_EQUAL, 0, 1, linux.PR_SET_PDEATHSIG), refuse, allow,
    ]  # fmt: skip
    # The caller is told that it worked; the buffers keep their size.
    ignore = (_RETURN, 0, 0, _ERRNO)
    sizes = [
        (_JUMP_EQUAL, len(_BUFFER_SIZES) - place, 0, option)
        for place, option in enumerate(_BUFFER_SIZES)
    ]
    body = [
        (_LOAD, 0, 0, _SECOND_ARGUMENT), (_JUMP_EQUAL, 1, 0, socket.SOL_SOCKET), allow,
        (_LOAD, 0, 0, _THIRD_ARGUMENT), *sizes, allow, ignore,
    ]  # fmt: skip
    code += [(_JUMP_EQUAL, 0, len(body), _SETSOCKOPT[column]), *body]
    for numbers in (_SOCKET, _SOCKETPAIR):
        families = [
            (_JUMP_EQUAL, len(_FAMILIES) - place, 0, int(family))
            for place, family in enumerate(_FAMILIES)
        ]
        body = [load, *families, refuse, allow]
        code += [(_JUMP_EQUAL, 0, len(body), numbers[column]), *body]
    code.append(allow)
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def install() -> None:
    """Put the filter on this process and whatever it starts; it cannot be taken off again."""
    instructions = program(platform.machine())
    buffer = ctypes.create_string_buffer(instructions, len(instructions))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    whole = Program(len(instructions) // 8, ctypes.addressof(buffer))
    linux.prctl(
        linux.PR_SET_SECCOMP,
        _SECCOMP_MODE_FILTER,
        ctypes.c_void_p(ctypes.addressof(whole)),
    )
