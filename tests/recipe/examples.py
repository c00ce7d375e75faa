"""The full recipe of the user guide: every key there is."""

FULL = """\
name: zambia_eastern_2021            # default: the recipe file's stem
images:                              # one or more; the first gives grid and extent
  - path: mosaic/*.tif               # file, list, glob, folder, VRT, COG, http(s) COG
    bands: [red, nir, swir1, green]  # descriptions, numbers or known aliases
    nodata: 0                        # overrides the file's
    mask: {path: scl.tif, keep: [4, 5, 6]}
    reflectance: {scale: 0.0001, offset: 0}   # stored value -> reflectance, for indexes only
    resampling: nearest              # used when the image has another grid than the first
    derived:
      - normalized_difference: [red, nir]   # every pair i<j in the image's band order
      - ratio: [red, nir, swir1]
      - indexes: [ndvi, ndmi]
      - texture: {bands: [nir], measures: [contrast, homogeneity], window: 7, levels: 32, limits: [0, 5000], distance: 1}
      - focal: {bands: [red, nir], statistics: [mean, standard_deviation], window: 5}
  - path: [a.tif, b.tif]
    bands: {red: 3, nir: B8}
    mask: scl
  - recipe: ../2020/recipe.yml       # another recipe's output bands as an image
    bands: [class]
legend:                              # inline, or legend: legend.csv
  - {value: 10, label: Tree cover, color: "#006400"}
training:
  - collected: points.csv            # clicked points; SEPAL's header; the map page adds to it
  - csv: reference.csv               # also a geojson column: {csv: f.csv, geojson: GEOM}
    x: XCoordinate
    y: YCoordinate
    crs: EPSG:4326                   # default
    class: class
    filter: editor_name != "test" and class > 0
    edits: reference_edits.csv       # changes made on the map page
  - {csv: f.csv, geojson: GEOM}
  - vector: plots.gpkg               # GeoPackage, Shapefile, GeoJSON, KML, GPX, ...; points and polygons
    layer: plots
    class: landcover
    classes: {10: [forest, mangrove], 40: [crop]}   # legend value -> values of the column
    columns: {10: is_forest}         # instead of class: a column per value
    default: 30                      # everything that nothing matched
    group: plot_id                   # rows that must stay together in validation
    per_polygon: 100                 # most pixels taken from one polygon
    pure: true
  - vector: cover.gpkg
    classes: {10: "cover > 60"}
  - sample: {path: worldcover.tif, band: 1, per_class: {default: 1000, 80: 200}, scale: null, seed: 1, pure: true, classes: {10: [1, 2]}, default: null}
  - recipe: ../2020/recipe.yml       # that recipe's training table
auxiliaries: [latitude, terrain, water]   # also {name: rain, path: chirps.tif, band: 1, resampling: bilinear}
auxiliary_data: aux                  # folder with terrain/ and water/ COGs
allowed_folders: []                  # further folders a VRT's sources may lie in
classifier: {type: random_forest, number_of_trees: 25, seed: 1}
output:
  bands: [class, class_probability]  # also regression, probability_<value>, probabilities (all of them)
  scale: null                        # a number is metres; "0.00025 deg" is CRS units
  crs: null
  aoi: null                          # vector file or [west, south, east, north] in EPSG:4326
  tile_size: 2048
"""  # noqa: E501

MINIMAL = "images:\n  - path: image.tif\n"
