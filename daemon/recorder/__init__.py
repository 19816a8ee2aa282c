"""Keeps a real site's traffic as a file that can be shown and replayed, secrets and pictures removed.

So the first studio that connects can prove our practice trackers and connectors wrong or right: what
its site answers is held against them, without access to the site.
"""

from .proxy import Recorder
from .recording import Exchange, Recording
from .replay import Replay

__all__ = ["Exchange", "Recorder", "Recording", "Replay"]
