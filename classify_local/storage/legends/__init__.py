"""Legends as files: read from tables, styles and class rasters, written for SEPAL, QGIS, GeoServer and GDAL."""

from classify_local.storage.legends.found import ImportedLegend
from classify_local.storage.legends.notices import legend_notices
from classify_local.storage.legends.qml import qgis_style
from classify_local.storage.legends.reading import FORMATS, import_legend, import_text, read_legend
from classify_local.storage.legends.recipes import recipe_import, recipe_legend
from classify_local.storage.legends.rows import MAX_CLASSES
from classify_local.storage.legends.writing import legend_csv, legend_text, write_legend

__all__ = [
    "FORMATS",
    "MAX_CLASSES",
    "ImportedLegend",
    "import_legend",
    "import_text",
    "legend_csv",
    "legend_notices",
    "legend_text",
    "qgis_style",
    "read_legend",
    "recipe_import",
    "recipe_legend",
    "write_legend",
]
