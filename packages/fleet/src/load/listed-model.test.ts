import { expect, it } from 'vitest';
import { instanceLoad, modelLoad } from '../testing/evidence.ts';
import { listedModel } from './listed-model.ts';

it('finds a model by its key, in any case of the listed name', () => {
  const models = [modelLoad({ name: 'Me/X:Latest' }), modelLoad({ name: 'y:7b' })];
  const load = instanceLoad({ models });
  expect(listedModel(load, 'me/x:latest')).toBe(models[0]);
  expect(listedModel(load, 'y:7b')).toBe(models[1]);
  expect(listedModel(load, 'y:latest')).toBeUndefined();
});

it('finds the models of a new report', () => {
  expect(listedModel(instanceLoad({ models: [] }), 'm:latest')).toBeUndefined();
  expect(listedModel(instanceLoad(), 'm:latest')).toBeDefined();
});
