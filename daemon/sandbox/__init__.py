"""Practice trackers: small servers that the vendors' unmodified clients speak to.

They serve the demo, an evaluation without a site, and the tests' faults. They are written to the
protocols, not to our connectors, and share no code with them.
"""

from .faults import Fault
from .shotgrid import Sandbox

__all__ = ["Fault", "Sandbox"]
