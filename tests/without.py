"""An interpreter on which a package is not installed, though everything else is."""

from __future__ import annotations

import subprocess
import sysconfig
import venv
from importlib.metadata import distribution
from pathlib import Path


def interpreter_without(folder: Path, *names: str) -> Path:
    """A Python in *folder* that finds what this one finds, but for the distributions of those names."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    absent = {Path(str(file)).parts[0] for name in names for file in distribution(name).files or ()}
    for source in {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}:
        for entry in source.iterdir():
            if entry.name not in absent and not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)
    return python
