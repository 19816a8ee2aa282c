"""The cases of `benchmarks/trackers.py`: an absence, a large file, a change on its way into the queue, an idle day."""
