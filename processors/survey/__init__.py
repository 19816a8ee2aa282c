"""What a file holds: facts, hash, cuts, features, thumbnails and words; files in, values out."""

from .features import SIZE, frame_features
from .sequence import frames_of, group, is_pattern, pattern
from .survey import Survey, features_of, survey

__all__ = ["SIZE", "Survey", "features_of", "frame_features", "frames_of", "group", "is_pattern", "pattern", "survey"]
