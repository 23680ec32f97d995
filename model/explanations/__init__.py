"""Which kind of map shows best what a digit was read by: what was tried, measured on validation pictures alone."""
