"""Pixels to a stack of named bands on one grid."""
