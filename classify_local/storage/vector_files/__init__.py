"""Readers of vector files: a module for each format, each giving layers of features (`layers.Layer`)."""
