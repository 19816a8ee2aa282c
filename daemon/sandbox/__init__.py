"""The sandbox: a small server that speaks ShotGrid's API3 to the unmodified `shotgun_api3` client.

It serves the demo, an evaluation without a site, and the tests' faults. It is written to the
protocol, not to our connector, and shares no code with it.
"""

from .faults import Fault
from .server import Sandbox

__all__ = ["Fault", "Sandbox"]
