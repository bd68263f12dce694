import { it, expect } from 'vitest';
import { defineModel } from './model.ts';
import { fullName, isValidName, registryName } from './model-name.ts';

it('reads properties from the name', () => {
  expect(defineModel({ name: 'llama3.1:8b' })).toMatchObject({
    name: 'llama3.1:8b',
    parameterCount: 8e9,
    path: 'rendered',
  });
  expect(defineModel({ name: 'nomic-embed-text' })).toMatchObject({
    name: 'nomic-embed-text:latest',
    capabilities: ['embedding'],
  });
  expect(defineModel({ name: 'x-native-think' })).toMatchObject({
    path: 'native',
    capabilities: ['completion', 'tools', 'thinking'],
  });
});

it('reads names as Ollama does', () => {
  expect(['a', 'a:b', 'ns/a:b', 'host:5000/ns/a:b'].map(isValidName)).toEqual([true, true, true, true]);
  expect(['', 'a b', 'a:b:c', 'a/b/c/d/e'].map(isValidName)).toEqual([false, false, false, false]);
  expect(fullName('http://10.0.0.5:5000/library/x')).toBe('10.0.0.5:5000/library/x:latest');
  expect(registryName('x')).toBe('registry.ollama.ai/library/x:latest');
});
