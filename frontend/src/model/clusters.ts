// Clusters of points for a view from afar. For 11,000 points OpenLayers' own search around every point takes 15-57 ms of
// processor time (once warm) after each change; cells of a grid take 2-11 ms.

export interface Located {
  x: number;
  y: number;
}

export interface ClusterOf<T> extends Located {
  members: T[];
}

/**
 * Gather points into clusters whose middles lie at least about `distance` apart.
 *
 * Points of one cell of a grid belong together; then, fullest first, a cell takes its neighbours whose middle lies
 * nearer than `distance`. The grid is fixed to the map, so a new point changes its own surroundings only.
 */
export function clustersOf<T extends Located>(points: readonly T[], distance: number): ClusterOf<T>[] {
  const cells = cellsOf(points, distance);
  const taken = new Set<number>();
  const clusters: ClusterOf<T>[] = [];
  for (const [key, cell] of [...cells].sort((one, other) => other[1].members.length - one[1].members.length)) {
    if (taken.has(key)) continue;
    taken.add(key);
    const together = [cell];
    for (const step of NEIGHBOURS) {
      const near = taken.has(key + step) ? undefined : cells.get(key + step);
      if (near === undefined || Math.hypot(near.x - cell.x, near.y - cell.y) >= distance) continue;
      taken.add(key + step);
      together.push(near);
    }
    clusters.push(together.length === 1 ? cell : merged(together));
  }
  return clusters;
}

/** Cells are numbered row by row; rows are as far apart as no map is wide. */
const ROW = 2 ** 24;
const NEIGHBOURS = [-ROW - 1, -ROW, -ROW + 1, -1, 1, ROW - 1, ROW, ROW + 1];

function cellsOf<T extends Located>(points: readonly T[], distance: number): Map<number, ClusterOf<T>> {
  const members = new Map<number, T[]>();
  for (const point of points) {
    const key = Math.floor(point.x / distance) + ROW * Math.floor(point.y / distance);
    const cell = members.get(key);
    if (cell) cell.push(point);
    else members.set(key, [point]);
  }
  return new Map([...members].map(([key, cell]) => [key, middle(cell)]));
}

function merged<T extends Located>(cells: readonly ClusterOf<T>[]): ClusterOf<T> {
  return middle(cells.flatMap((cell) => cell.members));
}

function middle<T extends Located>(members: T[]): ClusterOf<T> {
  let [x, y] = [0, 0];
  for (const member of members) {
    x += member.x / members.length;
    y += member.y / members.length;
  }
  return { x, y, members };
}
