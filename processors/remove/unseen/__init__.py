"""What no frame of any source shows: painted, chosen by probes, and carried along the camera's motion."""
