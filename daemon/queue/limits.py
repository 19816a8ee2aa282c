"""What one worker process may use, and the calls that hold it to that."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

from ...schema.model import Value

_PR_SET_PDEATHSIG = 1


class Limits(Value):
    """Limits of one worker; None is no limit. CPU and wall time are per job, memory is address space."""

    memory_mb: int | None = None
    cpu_seconds: int | None = None
    wall_seconds: float | None = None
    recycle_after: int | None = None
    threads: int = 1

    def environment(self) -> dict[str, str]:
        """Variables by which the numeric libraries learn how many threads they may start."""
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
        return dict.fromkeys(names, str(self.threads))

    def hold_memory(self) -> None:
        """Limit this process's address space; no core files either."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if self.memory_mb is not None:
            size = self.memory_mb * 1024 * 1024
            resource.setrlimit(resource.RLIMIT_AS, (size, size))

    def hold_cpu(self) -> None:
        """Give this process `cpu_seconds` from now on; SIGXCPU ends it after them.

        RLIMIT_CPU counts from the start of the process, so a warm worker raises it for every job.
        """
        if self.cpu_seconds is None:
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + self.cpu_seconds, hard))


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends.

    The parent may have died before the call, which the kernel does not report: hence the second look.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os._exit(1)
