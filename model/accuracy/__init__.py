"""How well a recipe reads, beyond one network: many seeds, seeds together, pictures moved about, and what a teacher gained."""
