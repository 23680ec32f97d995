"""The released network as files for small devices: one runtime a file, all behind one seam. Importing it imports no runtime."""
