"""How a result leaves the house: the gate, the version's package and the words that go with it."""
