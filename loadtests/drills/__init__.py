"""Drills: a stack of its own is started and hurt, and what must be seen is waited for."""
