"""Shapefiles and FlatGeobufs, read by GDAL through pyogrio. Slow to import: imported where one is read."""
