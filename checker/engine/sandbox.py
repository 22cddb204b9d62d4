"""Sandboxes, seen from outside: bubblewrap builds one around a tiny process, and a trial's process enters it.

A sandbox has an empty network but its own loopback, no files but the interpreter's and the system's (read-only), one
sized folder in memory, and processes of its own. Building it ahead and entering it costs a trial some milliseconds;
starting Python inside it would cost half a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from checker.engine import EngineError
from checker.engine.bounds import HELD, SHARED_SPACE, SPACE, TEMPORARY_SPACE
from checker.engine.processes import TAIL, end_left_over, owned

FOLDER = "/trial"
READY_SECONDS = 20
FIRST_UID, UIDS = 2_000_000_000, 10**8  # far from any account: as root, each sandbox is somebody else
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"
_DEVICES = ("null", "zero", "full", "random", "urandom")
_DESCRIPTORS = (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"))
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


class NoSandbox(EngineError):
    """bubblewrap is absent or refuses. The message says why and what to do."""


@dataclass(frozen=True)
class Layout:
    """What of the machine is seen inside: `read_only` paths, at their own places; `space` bytes to write.

    `held`: bytes of memory that all of its processes may hold together.
    """

    read_only: tuple[str, ...] = ()
    space: int = SPACE
    held: int = HELD


def interpreter() -> tuple[str, ...]:
    """The folders that running this Python needs, outermost first; of the project only its environment."""
    found: list[str] = []
    for folder in (sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix, os.path.realpath(sys.prefix)):
        if not any(Path(folder).is_relative_to(other) for other in ("/usr", *found)):
            found.append(folder)
    return tuple(found)


class Builder:
    """Builds sandboxes of one layout. As root it brings a user namespace of its own, in which nobody is root."""

    def __init__(self, layout: Layout | None = None) -> None:
        self.layout = layout or Layout(read_only=interpreter())
        if sys.platform != "linux":
            raise NoSandbox("sandboxes need Linux.")
        self.program = shutil.which("bwrap")
        if self.program is None:
            raise NoSandbox("bubblewrap is not installed (sudo apt install bubblewrap).")
        end_left_over(os.path.basename(self.program))
        self._users: int | None = None
        self._as_root = os.geteuid() == 0
        self._lock = threading.Lock()

    def build(self) -> Sandbox:
        """A new sandbox; it may not be ready yet."""
        with self._lock:
            if self._as_root and self._users is None:
                self._users = _user_namespace()
        # Not a count: it would tell a trial how many there were.
        return Sandbox(self, FIRST_UID + secrets.randbelow(UIDS) if self._as_root else os.getuid())

    def command(self, info: int, hosts: int) -> list[str]:
        """bubblewrap's command line. `info` and `hosts` are descriptors that it inherits."""
        words = [self.program, "--die-with-parent", "--as-pid-1", "--info-fd", str(info)]
        words += ["--unshare-user"] if self._users is None else ["--userns", str(self._users)]
        words += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        words += ["--hostname", "trial", "--clearenv", "--new-session", "--ro-bind", "/usr", "/usr", "--dir", "/etc"]
        for name in _LINKS:
            if os.path.islink(f"/{name}"):
                words += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
            elif os.path.isdir(f"/{name}"):
                words += ["--ro-bind", f"/{name}", f"/{name}"]
        for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/certs", "/etc/nsswitch.conf"):
            words += ["--ro-bind-try", path, path]
        words += ["--perms", "0644", "--ro-bind-data", str(hosts), "/etc/hosts", "--proc", "/proc"]
        # Not `--dev`: for its terminals an ordinary user's bubblewrap nests user namespaces, and none could enter.
        words += ["--perms", "0755", "--size", "65536", "--tmpfs", "/dev"]
        words += [word for name in _DEVICES for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
        words += [word for name, file in _DESCRIPTORS for word in ("--symlink", f"/proc/self/{file}", f"/dev/{name}")]
        # Folders to write in come first: the project may lie below one of them.
        for space, path in ((SHARED_SPACE, "/dev/shm"), (TEMPORARY_SPACE, "/tmp"), (self.layout.space, FOLDER)):
            words += ["--perms", "1777", "--size", str(space), "--tmpfs", path]
        above = [str(folder) for path in self.layout.read_only for folder in reversed(Path(path).parents)]
        words += [word for folder in dict.fromkeys(above) if folder != "/" for word in ("--dir", folder)]
        words += [word for path in self.layout.read_only for word in ("--ro-bind", path, path)]
        words += ["--remount-ro", "/dev", "--remount-ro", "/"]
        return [*words, "--chdir", "/", "--", "/usr/bin/cat"]

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that the command line names beside its arguments."""
        return () if self._users is None else (self._users,)

    def close(self) -> None:
        """Gives up the user namespace; sandboxes that stand keep it."""
        if self._users is not None:
            os.close(self._users)
            self._users = None


class Sandbox:
    """One sandbox: `cat` is its first process and lives as long as we do. `pidfd` is what a process enters it by."""

    def __init__(self, builder: Builder, uid: int) -> None:
        self.uid, self._layout = uid, builder.layout
        self.pid, self.pidfd, self._folder, self._processes = 0, -1, -1, -1
        self._log = tempfile.TemporaryFile()
        self._info, info = os.pipe()
        self._said = b""
        with tempfile.TemporaryFile() as hosts:
            hosts.write(_HOSTS.encode())
            hosts.seek(0)
            try:
                self._process = subprocess.Popen(
                    builder.command(info, hosts.fileno()),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._log,
                    pass_fds=[info, hosts.fileno(), *builder.inherited],
                    bufsize=0,
                    start_new_session=True,
                    env=owned(),
                )
            except OSError as error:
                os.close(self._info)
                self._log.close()
                raise NoSandbox(f"bubblewrap could not be started ({error}). Close other programs.") from error
            finally:
                os.close(info)

    def wait(self) -> None:
        """Until it stands. Raises `NoSandbox` with bubblewrap's own words."""
        if self.pidfd >= 0:
            return
        deadline = time.monotonic() + READY_SECONDS
        while b"}" not in self._said and (data := self._read(self._info, deadline)):
            self._said += data
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(b"\n")
        if b"}" not in self._said or self._read(self._process.stdout.fileno(), deadline) != b"\n":
            self._process.kill()
            self._process.wait()
            self._log.seek(0)
            words = self._log.read(TAIL).decode("utf-8", "replace").strip().splitlines()
            raise NoSandbox(f"bubblewrap cannot build a sandbox here ({words[-1] if words else 'it said nothing'}).")
        self.pid = json.loads(self._said)["child-pid"]
        self.pidfd = os.pidfd_open(self.pid)
        self._folder = os.open(f"/proc/{self.pid}/root{FOLDER}", os.O_PATH | os.O_DIRECTORY)
        self._processes = os.open(f"/proc/{self.pid}/root/proc", os.O_RDONLY | os.O_DIRECTORY)

    @staticmethod
    def _read(descriptor: int, deadline: float) -> bytes:
        readable, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        return os.read(descriptor, 4096) if readable else b""

    @property
    def stands(self) -> bool:
        """Whether a process can enter it."""
        return self._process.poll() is None

    @property
    def overfull(self) -> str:
        """That its processes hold more memory than they may, in words; empty while they do not."""
        held = self._layout.held
        return f"took more than {held // 2**20} MiB of memory" if self.memory() > held else ""

    def memory(self) -> int:
        """Bytes that its processes hold now, what they share counted once."""
        quick = sum(self._held("statm", lambda text: (int(text.split()[1]) - int(text.split()[2])) * _PAGE))
        if quick < HELD:
            return quick
        return sum(self._held("smaps_rollup", _proportional)) or quick

    def _held(self, file: str, parse) -> list[int]:
        found = []
        with contextlib.suppress(OSError):
            for name in os.listdir(self._processes):
                if name.isdigit():
                    with contextlib.suppress(OSError, ValueError, IndexError):
                        descriptor = os.open(f"{name}/{file}", os.O_RDONLY, dir_fd=self._processes)
                        with open(descriptor, encoding="ascii") as opened:
                            found.append(parse(opened.read()))
        return found

    def listing(self) -> list[str]:
        """The files that were left in its folder, relative, at most 500. It ends the sandbox first."""
        self.end()
        found: list[str] = []
        for path, _, names, _ in os.fwalk(".", dir_fd=self._folder):
            found += [os.path.normpath(os.path.join(path, name)) for name in names]
            if len(found) >= 500:
                break
        return sorted(found[:500])

    def end(self) -> None:
        """Ends all that runs in it, and waits until that is gone.

        Not before it stands: bubblewrap that is killed while it builds may leave its child, which then waits for ever.
        """
        with contextlib.suppress(NoSandbox, OSError):
            self.wait()
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Leaves nothing behind."""
        self.end()
        self._process.stdin.close()
        self._process.stdout.close()
        self._log.close()
        for descriptor in (self._info, self.pidfd, self._folder, self._processes):
            if descriptor >= 0:
                os.close(descriptor)
        self._info = self.pidfd = self._folder = self._processes = -1


_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def _proportional(text: str) -> int:
    """The `Pss` of a `smaps_rollup`, in bytes."""
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))


def why_not() -> str:
    """Why no sandbox can be built here; empty where one can."""
    try:
        builder = Builder()
        with contextlib.closing(builder), contextlib.closing(builder.build()) as sandbox:
            sandbox.wait()
    except NoSandbox as reason:
        return str(reason)
    return ""


def _user_namespace() -> int:
    """A user namespace in which every account is itself and none has power over the machine; a descriptor of it."""
    try:
        process = subprocess.Popen(
            ["unshare", "--user", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
    except OSError as error:
        raise NoSandbox(f"`unshare` is needed when root grades ({error}). Install util-linux.") from error
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b"\n")
        if process.stdout.read(1) != b"\n":
            raise NoSandbox("this system lets nobody make user namespaces.")
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{process.pid}/{name}").write_text("0 0 4294967295", encoding="ascii")
        return os.open(f"/proc/{process.pid}/ns/user", os.O_RDONLY)
    except OSError as error:
        raise NoSandbox(f"a user namespace cannot be set up ({error}).") from error
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
