"""How good a fix is: its test of itself, and what is concluded from it."""
