import { describe, expect, it } from 'vitest';
import { isModel, modelKey, normaliseModelName } from './model-name.ts';

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

  it('means the same model in any case', () => {
    expect(isModel('Me/X:Latest', modelKey('me/x'))).toBe(true);
    expect(isModel('Me/X:7b', modelKey('me/x'))).toBe(false);
  });
});
