"""The suite that every `Tracker` passes, for authors of connectors.

    from wetgate.connectors.contract import Bench, TrackerContract

    class TestMyTracker(TrackerContract):
        @pytest.fixture
        def bench(self, tmp_path) -> Iterator[Bench]:
            yield MyBench(...)

The bench is the site seen from the other side: what a coordinator does there, what can be read there
without the connector, and how its answers get lost on the way. pytest is needed, nothing else.
What a tracker must do with one noun stands in the file of that name.
"""

from .bench import Bench
from .calls import about, read_all, retried, start
from .drafts import draft, grey_png, note_draft
from .suite import TrackerContract

__all__ = [
    "Bench",
    "TrackerContract",
    "about",
    "draft",
    "grey_png",
    "note_draft",
    "read_all",
    "retried",
    "start",
]
