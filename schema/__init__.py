"""What things are: domain types, time, states, errors, settings and the ports.

Nothing in this folder imports the rest of Wetgate.
"""
