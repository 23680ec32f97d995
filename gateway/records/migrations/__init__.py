"""How databases of earlier versions become today's, a file a step."""
