"""What a file holds: facts, hash, cuts, features, thumbnails and words; files in, values out."""

from .features import SIZE, frame_features
from .sequence import frames_of, group, is_pattern, pattern
from .survey import Survey, survey

__all__ = ["SIZE", "Survey", "frame_features", "frames_of", "group", "is_pattern", "pattern", "survey"]
