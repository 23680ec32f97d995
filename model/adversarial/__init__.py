"""What deliberate deception does to a network, what is said to help against it, and what does."""
