"""How the outside is spoken to: trackers and editorial formats, one SDK a file."""
