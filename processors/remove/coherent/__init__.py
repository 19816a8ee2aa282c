"""Movers behind the matte made coherent over time: each fill looked at again among the fills around it."""
