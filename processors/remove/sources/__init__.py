"""Where missing picture comes from: other takes, and the shot's own other frames."""
