"""Editorial timelines as OpenTimelineIO files.

`day_timelines` makes a shooting day's timelines, `return_timeline` a version's way back into the
cut, and `write_checked` puts either on disk and reads it back before it may be used.
`write_pulls` writes what is wanted from camera originals as EDL and ALE.
"""

from .checked import write_checked
from .day import day_timelines, write_day
from .pulls import video_format, write_pulls
from .returns import return_timeline

__all__ = ["day_timelines", "return_timeline", "video_format", "write_checked", "write_day", "write_pulls"]
