"""The desk: reads the tracker, understands what a task asks for, and puts the work into the queue."""
