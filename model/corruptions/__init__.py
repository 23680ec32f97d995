"""MNIST-C made again: fifteen ways to spoil canonical pixels, by their published parameters. Equal seeds give equal pictures.

Mu and Gilmer 2019, MNIST-C: A Robustness Benchmark for Computer Vision (arXiv 1906.02337); the parameters are the defaults of
google-research/mnist-c. Its random draws are not ours, so figures are of "MNIST-C (regenerated)".
"""
