"""One day of a show, played through the interfaces that a post house would use."""
