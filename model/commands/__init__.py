"""The commands of `python -m model` that are of no room of their own, from the data to what is served. Building them imports no torch."""
