"""Terrain, surface water and land cover for an area: which tiles, from where, fetched, checked, packed.

A folder of auxiliary data::

    DIR/terrain/<tile>.tif
    DIR/water/<layer>_<lon>_<lat>v1_4_2021.tif        file names as published
    DIR/worldcover/<name>.tif
    DIR/manifest.json                                 what each file is, and which tiles are not published
    DIR/.incoming/                                    what is on its way, and the lock
"""
