"""What the two source articles did and claimed, done again and measured; the report of it is REPORT.md."""
