"""Processes inside a root file system, as a pod of the restricted profile has them.

The root is read-only, the user has no rights, /tmp and two folders are writable, and there is no network but loopback.
"""

import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_START = """
set -e
ip link set lo up
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
hostname pod
printf '127.0.0.1 localhost pod\n' >"$SCRATCH/hosts"
mount --bind "$SCRATCH/hosts" "$ROOT/etc/hosts"
for folder in $WRITABLE; do mount --bind "$SCRATCH$folder" "$ROOT$folder"; done
cd "$ROOT"
exec chroot --userspec="$OWNER" "$ROOT" /usr/bin/env -i -C /tmp "$@"
"""


@dataclass
class Rootfs:
    """A root file system, and the folder that holds what its processes write.

    Args:
        folder: as `images/rootfs.sh` makes it.
        scratch: of this test; its files are seen from here as `scratch / "tmp" / …`.
        user: of the image.
        writable: folders that a pod mounts.
        environment: of the image's configuration.
    """

    folder: Path
    scratch: Path
    user: int
    writable: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.writable:
            made = self.inside(path)
            made.mkdir(parents=True, exist_ok=True)
            made.chmod(0o777)  # a pod's volumes belong to the group of its user

    def inside(self, path: str) -> Path:
        """Where a path below a writable folder lies, seen from here."""
        return self.scratch / path.lstrip("/")

    def start(
        self, *command: str, user: int | None = None, network: bool = False, **environment: str
    ) -> "subprocess.Popen[str]":
        """Starts a process; `stop` ends it with all that it starts.

        `network` is this machine's; without it there is only loopback.
        """
        owner = self.user if user is None else user
        variables = [f"{name}={value}" for name, value in {**self.environment, **environment}.items()]
        unshare = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
        return subprocess.Popen(
            [*unshare, "sh", "-c", _START, "sh", *variables, *command],
            env={
                **os.environ,
                "ROOT": str(self.folder),
                "SCRATCH": str(self.scratch),
                "OWNER": f"{owner}:0",
                "WRITABLE": " ".join(self.writable),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @staticmethod
    def stop(process: "subprocess.Popen[str]") -> None:
        """Kills the first process of its process space, with which all others end."""
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for child in children.read_text().split() if process.poll() is None else []:
            os.kill(int(child), signal.SIGKILL)
        process.wait(60)

    def run(self, *command: str, user: int | None = None, **environment: str) -> str:
        """The output of a command that must succeed."""
        process = self.start(*command, user=user, **environment)
        output, _ = process.communicate(timeout=500)
        assert process.returncode == 0, output
        return output
