"""How far an answer may be trusted: what its confidence is worth, what is no digit, and which digits stay possible."""
