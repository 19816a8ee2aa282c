"""The queue: jobs, their workers and the clock. Knows nothing of footage or trackers."""
