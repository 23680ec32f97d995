"""Load by Locust: users, how many of them when, and whether what came of it was good enough."""
