"""`python -m wetgate.daemon`: the command line where no script is installed."""

from __future__ import annotations

from .cli import main

main()
