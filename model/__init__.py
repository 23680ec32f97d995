"""Everything that knows what a digit is. Importing this package imports neither torch nor any data."""
