"""The model renewed while it serves: trained on what was labelled, and judged before it takes the current one's place."""
