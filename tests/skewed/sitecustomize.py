"""A machine whose clock is wrong by `WETGATE_TEST_SKEW` seconds: put this folder on a process's path."""

import os
import time

_SKEW = float(os.environ.get("WETGATE_TEST_SKEW", "0"))
_RIGHT, _RIGHT_NS = time.time, time.time_ns

if _SKEW:
    time.time = lambda: _RIGHT() + _SKEW
    time.time_ns = lambda: _RIGHT_NS() + int(_SKEW * 1e9)
