"""One removal in a process of its own.

Its seconds and its peak memory are then the job's, and nothing of the benchmark's.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wetgate.schema.request import Request, Source

from .made import Made

_ENTRY = "from removing.job import main; main()"


@dataclass(frozen=True)
class Result:
    """What a job said and cost. `fault` is the error's sentence where it ended in one."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    master: Path | None
    report: dict[str, Any]
    fault: str

    @property
    def verdict(self) -> str:
        """publish, ask, refuse, or error."""
        return self.report.get("verdict", "error") if not self.fault else "error"

    @property
    def rating_db(self) -> float | None:
        """The expected PSNR."""
        found = self.report.get("rating", {}).get("expected_psnr_db")
        return None if found is None else float(found)


def request_of(made: Made, folder: Path) -> Request:
    """The removal of what the mattes cover; a case's take is then its only source."""
    options: dict[str, object] = {"feather": 0}
    if made.take is not None:
        options["use_own_frames"] = False
    return Request(
        plate=Source(path=made.plate, name="plate"),
        matte=made.mattes,
        sources=(Source(path=made.take, name="take 1"),) if made.take else (),
        options=options,
        work=folder / "work",
        out=folder / "out",
    )


def run_job(made: Made, folder: Path, *, threads: int) -> Result:
    """Remove what the mattes cover, with the real processor, in a subprocess."""
    folder.mkdir(parents=True, exist_ok=True)
    asked, told = folder / "request.json", folder / "result.json"
    asked.write_text(request_of(made, folder).model_dump_json(), "utf-8")
    here = str(Path(__file__).resolve().parents[1])
    path = ":".join([here, *(p for p in sys.path if p)])
    environment = {"PYTHONPATH": path, "OMP_NUM_THREADS": str(threads), "OPENCV_FOR_THREADS_NUM": str(threads)}
    ran = subprocess.run(
        [sys.executable, "-c", _ENTRY, str(asked), str(told), str(threads)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not told.exists():
        return Result(0.0, 0.0, 0.0, None, {}, (ran.stderr.strip() or "the job ended without a word").splitlines()[-1])
    words = json.loads(told.read_text("utf-8"))
    report = Path(words["report"]) if words["report"] else None
    return Result(
        words["seconds"],
        words["cpu_seconds"],
        words["peak_mb"],
        Path(words["master"]) if words["master"] else None,
        json.loads(report.read_text("utf-8")) if report and report.exists() else {},
        words["fault"],
    )


def main() -> None:
    """Inside the subprocess."""
    import cv2
    from wetgate.processors.remove import Remove
    from wetgate.processors.runner import run_processor
    from wetgate.schema.errors import WetgateError

    asked, told, threads = sys.argv[1:4]
    cv2.setNumThreads(int(threads))
    request = Request.model_validate_json(Path(asked).read_text("utf-8"))
    started, spent = time.perf_counter(), time.process_time()
    words: dict[str, Any] = {"master": None, "report": None, "fault": ""}
    try:
        outcome = run_processor(Remove(), request, lambda _done, _words: None)
        words |= {"master": str(outcome.master) if outcome.master else None, "report": str(outcome.report)}
    except WetgateError as error:
        words["fault"] = f"{type(error).__name__}: {error}"
    words["seconds"], words["cpu_seconds"] = time.perf_counter() - started, time.process_time() - spent
    words["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(told).write_text(json.dumps(words), "utf-8")
