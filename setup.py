"""Maps the top-level folders into the `wetgate` namespace, subpackages included."""

from setuptools import find_packages, setup

FOLDERS = ("daemon", "connectors", "processors", "schema")
found = find_packages(include=[pattern for name in FOLDERS for pattern in (name, f"{name}.*")])
setup(packages=[f"wetgate.{name}" for name in found])
