"""Compiled inference: the probabilities of the library a model was trained with, many times as fast.

Arrays in, arrays out. A model is turned once into flat arrays (`forest`, `boosted`, `gaussian`, `blas`), then
kernels push blocks of pixels through them. `proof` compares the two before the compiled one is used, and `tail`
makes the pixels of a map from what any of them gives. Importing this package imports neither numba nor a library.
"""
