"""Enters a sandbox: a forked process joins the namespaces that bubblewrap made and gives up every privilege.

Linux only. Runs in a trial's process before any of the learner's code, so it stands alone.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct

from bounds import DESCRIPTORS, LARGEST_FILE, MEMORY, PROCESSES
from family import die_with_parent, end_as

Limits = tuple[tuple[int, int], ...]
"""Pairs of a limit of the `resource` module and its value."""


def limits(memory: int, processes: int, descriptors: int, largest_file: int) -> Limits:
    """The limits of a process, in bytes and numbers."""
    return (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_NOFILE, descriptors),
        (resource.RLIMIT_FSIZE, largest_file),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 2**20),
    )


TRIAL = limits(MEMORY, PROCESSES, DESCRIPTORS, LARGEST_FILE)
_NEW_USER, _NEW_PID = 0x10000000, 0x20000000
_NEW_REST = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x40000000  # mount, cgroup, uts, ipc, net
_NEW_ANY = _NEW_USER | _NEW_PID | _NEW_REST
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 4, 24, 38, 22
_SECCOMP_FILTER, _ALLOW, _REFUSE = 2, 0x7FFF0000, 0x00050000
_X32 = 0x40000000  # the x86-64 calls by another number

# System calls that no test needs: they hold memory that no limit counts, or are doors into the kernel.
# clone3 cannot be looked into; where it is absent, glibc takes clone.
_REFUSED = {
    "x86_64": (
        0xC000003E,
        56,
        {
            "memfd_create": 319,
            "memfd_secret": 447,
            "shmget": 29,
            "msgget": 68,
            "semget": 64,
            "mq_open": 240,
            "unshare": 272,
            "setns": 308,
            "mount": 165,
            "fsopen": 430,
            "open_tree": 428,
            "ptrace": 101,
            "process_vm_readv": 310,
            "process_vm_writev": 311,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "bpf": 321,
            "perf_event_open": 298,
            "userfaultfd": 323,
            "io_uring_setup": 425,
            "kexec_load": 246,
            "open_by_handle_at": 304,
        },
        {"clone3": 435},
    ),
    "aarch64": (
        0xC00000B7,
        220,
        {
            "memfd_create": 279,
            "memfd_secret": 447,
            "shmget": 194,
            "msgget": 186,
            "semget": 190,
            "mq_open": 180,
            "unshare": 97,
            "setns": 268,
            "mount": 40,
            "fsopen": 430,
            "open_tree": 428,
            "ptrace": 117,
            "process_vm_readv": 270,
            "process_vm_writev": 271,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "bpf": 280,
            "perf_event_open": 241,
            "userfaultfd": 282,
            "io_uring_setup": 425,
            "kexec_load": 104,
            "open_by_handle_at": 265,
        },
        {"clone3": 435},
    ),
}


def _system_calls_filter() -> bytes | None:
    """A classic BPF program that refuses the calls above; None on a processor whose numbers are not listed."""
    known = _REFUSED.get(platform.machine())
    if known is None:
        return None
    architecture, clone, refused, absent = known
    answers = [(number, _REFUSE | errno.EPERM) for number in refused.values()]
    answers += [(number, _REFUSE | errno.ENOSYS) for number in absent.values()]
    code = [struct.pack("HBBI", 0x20, 0, 0, 4)]  # the architecture
    code += [struct.pack("HBBI", 0x15, 1, 0, architecture), struct.pack("HBBI", 0x06, 0, 0, _REFUSE | errno.EPERM)]
    code += [struct.pack("HBBI", 0x20, 0, 0, 0)]  # the call's number
    code += [struct.pack("HBBI", 0x35, 0, 1, _X32), struct.pack("HBBI", 0x06, 0, 0, _REFUSE | errno.ENOSYS)]
    code += [struct.pack("HBBI", 0x15, 0, 3, clone), struct.pack("HBBI", 0x20, 0, 0, 16)]  # its first argument
    code += [struct.pack("HBBI", 0x45, 0, 2, _NEW_ANY), struct.pack("HBBI", 0x06, 0, 0, _REFUSE | errno.EPERM)]
    code += [struct.pack("HBBI", 0x20, 0, 0, 0)]
    for number, answer in answers:
        code += [struct.pack("HBBI", 0x15, 0, 1, number), struct.pack("HBBI", 0x06, 0, 0, answer)]
    return b"".join([*code, struct.pack("HBBI", 0x06, 0, 0, _ALLOW)])


FILTER = _system_calls_filter()


def enter(sandbox: int, uid: int, bounds: Limits = TRIAL) -> None:
    """Returns in a new process inside. `sandbox`: a pidfd of its first process; `uid`: who we are in it;
    `bounds`: what we may take.

    This process stays outside: it waits for the one inside and ends as that ended. Raises OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        os.setgroups([])
    _done(libc.setns(sandbox, _NEW_USER))
    _no_nested_namespaces()
    _done(libc.setns(sandbox, _NEW_REST))
    _done(libc.setns(sandbox, _NEW_PID))
    pid = os.fork()
    if pid:
        end_as(os.waitpid(pid, 0)[1])
    _give_up_privileges(libc, uid, bounds)
    die_with_parent()


def _no_nested_namespaces() -> None:
    """In a user namespace of its own a process could mount what no limit counts."""
    try:
        with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
            file.write("0")
    except OSError:
        if FILTER is None:
            raise


def _give_up_privileges(libc: ctypes.CDLL, uid: int, bounds: Limits) -> None:
    for what, amount in bounds:
        hard = resource.getrlimit(what)[1]
        top = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (top, top))
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
            break
    if os.getuid() != uid:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)
    _done(libc.capset(header, nothing))
    _done(libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0))  # its supervisor, who may be no root, reads what memory it holds
    _done(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if FILTER is not None:
        program = ctypes.create_string_buffer(FILTER)
        pointer = struct.pack("HxxxxxxP", len(FILTER) // 8, ctypes.addressof(program))
        _done(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, pointer, 0, 0))


def _done(code: int) -> None:
    if code:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def empty_all_but(kept: set[int]) -> None:
    """Makes every descriptor but the kept ones one of the null device: what pytest holds it must be able to close."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor not in kept and descriptor != nothing:
            os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)


def close_all_but(kept: set[int]) -> None:
    """Closes every descriptor but the kept ones."""
    low = 0
    for descriptor in (*sorted(kept), resource.getrlimit(resource.RLIMIT_NOFILE)[0]):
        if low < descriptor:  # Python 3.11 takes an empty range for an endless one
            os.closerange(low, descriptor)
        low = descriptor + 1
