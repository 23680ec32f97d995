"""Several gateways behind one port of this machine: one process each, started and watched over by a small parent."""
