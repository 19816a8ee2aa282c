"""The whole-job protocol of `benchmarks/removal.py`: cases, plates on disk, jobs, baselines, figures, pictures."""
