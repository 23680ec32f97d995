"""What was answered and what the truth was: written in batches off the request's path, read for audits, never lost once acknowledged."""
