import { it, expect } from 'vitest';
import { floorOf, largestStep, leastSquaresSlope, steadySlope, theilSenSlope } from './slope.ts';

const line = Array.from({ length: 60 }, (_, x) => ({ x, y: 100 + 0.25 * x }));

it('both fits find the slope of a line', () => {
  expect(leastSquaresSlope(line)).toBeCloseTo(0.25);
  expect(theilSenSlope(line)).toBeCloseTo(0.25);
});

it('the robust fit ignores a burst at the end', () => {
  const burst = line.map(({ x, y }) => ({ x, y: x >= 54 ? y + 500 : y }));
  expect(leastSquaresSlope(burst)).toBeGreaterThan(2);
  expect(theilSenSlope(burst)).toBeCloseTo(0.25, 0);
});

it('the floor of a sawtooth is its minima', () => {
  const saw = line.map(({ x }) => ({ x, y: 10 + (x % 10) }));
  expect(floorOf(saw, 10).map(({ y }) => y)).toEqual([10, 10, 10, 10, 10, 10]);
});

it('the steady slope ignores a single step', () => {
  const step = line.map(({ x, y }) => ({ x, y: x >= 30 ? y + 20 : y }));
  expect(theilSenSlope(step)).toBeGreaterThan(0.4);
  expect(steadySlope(step, 10)).toBeCloseTo(0.25);
  expect(largestStep(step)).toBeCloseTo(20.25);
});
