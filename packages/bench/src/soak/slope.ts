import { median } from '../statistics.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Slope of the least-squares line. NaN for fewer than two different `x`. */
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

/** Median of the slopes between all pairs of points (Theil–Sen): up to a quarter of the points can be outliers. */
export function theilSenSlope(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (const [index, a] of points.entries())
    for (const b of points.slice(index + 1)) if (b.x !== a.x) slopes.push((b.y - a.y) / (b.x - a.x));
  return median(slopes);
}

/** Median of the slopes of all intervals of `width`: the constant growth, without single steps. Points are sorted. */
export function steadySlope(points: readonly Point[], width: number): number {
  const slopes: number[] = [];
  for (const [from, { x }] of points.entries()) {
    const end = points.findIndex((point, index) => index > from && point.x >= x + width);
    if (end === -1) break;
    slopes.push(leastSquaresSlope(points.slice(from, end + 1)));
  }
  return median(slopes);
}

/** The lowest point of each interval of `width`: memory without the sawtooth of garbage and its collection. */
export function floorOf(points: readonly Point[], width: number): Point[] {
  const lowest = new Map<number, Point>();
  for (const point of points) {
    const stretch = Math.floor(point.x / width);
    const known = lowest.get(stretch);
    if (known === undefined || point.y < known.y) lowest.set(stretch, point);
  }
  return [...lowest.values()];
}

/** The largest increase from one point to the next; 0 without an increase. */
export function largestStep(points: readonly Point[]): number {
  return points.reduce((most, { y }, index) => Math.max(most, y - (points[index - 1]?.y ?? y)), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const floorMinutes = 0.25;
const steadyMinutes = 1;

/** Growth of memory in MB per minute, by several fits. */
export interface Slopes {
  readonly leastSquares: number;
  readonly robust: number;
  readonly steady: number;
  readonly floor: number;
  /** Largest increase of the floor from one interval to the next, in MB. */
  readonly step: number;
}

/** Fits the points (minutes, MB) after `fromMinutes`. */
export function slopesOf(points: readonly Point[], fromMinutes: number): Slopes {
  const after = points.filter(({ x }) => x >= fromMinutes);
  const floor = floorOf(after, floorMinutes);
  return {
    leastSquares: leastSquaresSlope(after),
    robust: theilSenSlope(after),
    steady: steadySlope(after, steadyMinutes),
    floor: leastSquaresSlope(floor),
    step: largestStep(floor),
  };
}
