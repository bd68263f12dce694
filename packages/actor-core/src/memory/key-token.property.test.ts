import { assert, constantFrom, property, string } from 'fast-check';
import { expect, it } from 'vitest';
import { keySubject } from '../storage/key-value/bucket-spec.ts';
import { decodeToken, encodeToken } from './key-token.ts';
import { addressOf, parseScope, scopePrefix, scopeText } from './scope.ts';

const texts = string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((text) => text.isWellFormed());

it('encodes any text as one token of a subject, and reads it back', () => {
  assert(
    property(texts, (text) => {
      const token = encodeToken(text);
      expect(token).not.toContain('.');
      expect(() => keySubject('b', token)).not.toThrow();
      expect(decodeToken(token)).toBe(text);
    }),
  );
});

it('gives different texts different tokens', () => {
  assert(
    property(texts, texts, (a, b) => {
      expect(encodeToken(a) === encodeToken(b)).toBe(a === b);
    }),
  );
});

it('finds tenant, scope and key of a bucket key again', () => {
  assert(
    property(constantFrom('session', 'run', 'agent', 'tenant'), texts, texts, (kind, id, key) => {
      const scope = parseScope(`${kind}:${id}`);
      const address = addressOf(`${scopePrefix('acme', scope)}.${encodeToken(key)}`);
      expect(address).toEqual({ tenant: 'acme', scope, key });
      expect(parseScope(scopeText(scope))).toEqual(scope);
    }),
  );
});
