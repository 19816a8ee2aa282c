"""The colour match under known grades, for `benchmarks/grade.py`: clips, grades, baselines, runs and the table."""
