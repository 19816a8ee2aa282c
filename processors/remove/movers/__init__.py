"""What moves behind the matte: found, followed, and completed from its own past and future."""
