import { expect, it } from 'vitest';
import { editDistance } from './edit-distance.ts';

it.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['port', 'port', 0],
  ['port', 'prt', 1],
  ['port', 'sport', 1],
  ['port', 'pork', 1],
  ['port', 'prot', 1],
  ['kitten', 'sitting', 3],
])('counts the edits from %j to %j: %i', (one, other, edits) => {
  expect(editDistance(one, other)).toBe(edits);
  expect(editDistance(other, one)).toBe(edits);
});
