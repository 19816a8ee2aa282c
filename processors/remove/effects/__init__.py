"""Shadow, reflection and soft edge of what is removed: found beside the matte."""
