import { describe, expect, it } from 'vitest';
import { isModelName, normaliseModelName } from './model-name.ts';

describe('a model name', () => {
  it('gets the tag that Ollama implies and loses the registry that it implies', () => {
    const names = {
      x: 'x:latest',
      'x:7b': 'x:7b',
      'me/x': 'me/x:latest',
      'registry.ollama.ai/library/x': 'x:latest',
      'https://registry.ollama.ai/me/x:1': 'me/x:1',
      'library/x': 'x:latest',
      '10.0.0.5:5000/library/x': '10.0.0.5:5000/library/x:latest',
      'hf.co/a/b:Q4_K_M': 'hf.co/a/b:Q4_K_M',
    };
    for (const [name, listed] of Object.entries(names)) expect(normaliseModelName(name)).toBe(listed);
  });

  it('is refused when Ollama would refuse it', () => {
    for (const name of ['', ' ', 'a b', 'x:y:z', '../x', 'a/b/c/d', 'x:', '/x', '-x'])
      expect(isModelName(name)).toBe(false);
    for (const name of ['x', 'x:7b-q4_0', 'a/x', '10.0.0.5:5000/a/x:1', 'llama3.2'])
      expect(isModelName(name)).toBe(true);
  });
});
