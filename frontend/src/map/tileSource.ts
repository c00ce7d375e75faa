// Tiles of one layer, fetched so that those of an older model can be dropped while they are still on their way: the
// browser keeps only six connections to a server, and newest wins.
import type Projection from "ol/proj/Projection";
import ImageTile from "ol/source/ImageTile";
import TileGrid from "ol/tilegrid/TileGrid";
import type { Grid } from "../model/contract";
import { levelOfZ, mapExtent, TILE_SIZE, tileResolutions } from "../model/placing";
import type { TileAddress } from "../model/tiles";

const NEVER = new AbortController().signal;

export class TileSource extends ImageTile {
  private current: AbortController | null = null;
  private key = "";

  constructor(
    private readonly imageGrid: Grid,
    projection: Projection,
  ) {
    super({
      loader: () => Promise.reject(new Error("no address yet")),
      projection,
      tileGrid: new TileGrid({
        origin: [0, 0],
        resolutions: tileResolutions(imageGrid),
        // A tile covers as many rows as columns; where pixels are not square it is drawn taller or flatter.
        tileSize: [TILE_SIZE, TILE_SIZE * imageGrid.aspect],
        extent: mapExtent(imageGrid),
      }),
      wrapX: false,
      interpolate: false,
      // A fade would show the old and the new class mixed: a colour that is in no legend.
      transition: 0,
    });
  }

  /** Point at other tiles. What is drawn stays until the new tiles have come. Gives whether anything changed. */
  retarget(address: TileAddress): boolean {
    if (address.key === this.key) return false;
    this.current?.abort();
    this.current = new AbortController();
    const dropped = this.current.signal;
    this.setLoader((z, x, y, { signal }) =>
      loadTile(address.url(levelOfZ(this.imageGrid, z), x, y), AbortSignal.any([dropped, signal ?? NEVER])),
    );
    this.key = address.key;
    this.setKey(address.key);
    return true;
  }
}

async function loadTile(url: string, signal: AbortSignal): Promise<ImageBitmap> {
  const response = await fetch(url, { signal });
  // 410: a newer model is on its way. The tile shown stays; the rest is for the server's own words.
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return createImageBitmap(await response.blob(), { colorSpaceConversion: "none" });
}
