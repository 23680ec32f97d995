"""What a network that reads other pictures than the known digits is judged by while it serves: a file in its folder, and its archive."""

OWN_KNOWN = "known.npz"
"""`pixels` uint8[n, side, side] and `labels` uint8[n]. Named where torch is not needed, since a fingerprint is taken without it."""
