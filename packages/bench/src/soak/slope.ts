import { median } from '../statistics.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Slope of the straight line with the least squares. NaN for fewer than two different `x`. */
export function leastSquaresSlope(points: readonly Point[]): number {
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  let above = 0;
  let below = 0;
  for (const { x, y } of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return above / below;
}

/** Median of the slopes between all pairs (Theil–Sen): up to a quarter of the points may be anything. */
export function theilSenSlope(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (const [index, a] of points.entries())
    for (const b of points.slice(index + 1)) if (b.x !== a.x) slopes.push((b.y - a.y) / (b.x - a.x));
  return median(slopes);
}

/**
 * Median of the slopes over all stretches of `width`: what goes on all the time, whatever happened once. The points
 * are in order.
 */
export function steadySlope(points: readonly Point[], width: number): number {
  const slopes: number[] = [];
  for (const [from, { x }] of points.entries()) {
    const end = points.findIndex((point, index) => index > from && point.x >= x + width);
    if (end === -1) break;
    slopes.push(leastSquaresSlope(points.slice(from, end + 1)));
  }
  return median(slopes);
}

/** The lowest point of each stretch of `width`: what is left below the saw of garbage and its collection. */
export function floorOf(points: readonly Point[], width: number): Point[] {
  const lowest = new Map<number, Point>();
  for (const point of points) {
    const stretch = Math.floor(point.x / width);
    const known = lowest.get(stretch);
    if (known === undefined || point.y < known.y) lowest.set(stretch, point);
  }
  return [...lowest.values()];
}

/** The largest rise from one point to the next; 0 where there is none. */
export function largestStep(points: readonly Point[]): number {
  return points.reduce((most, { y }, index) => Math.max(most, y - (points[index - 1]?.y ?? y)), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
