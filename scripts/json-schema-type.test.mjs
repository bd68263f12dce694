import { expect, it } from 'vitest';
import { typeText } from './json-schema-type.mjs';

const squeezed = (schema) => typeText(schema).replaceAll(/\s+/g, ' ');

it('writes objects with needed and optional fields, without an index signature', () => {
  const schema = {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'string' }, 'If-Match': { type: 'integer', description: 'One.' } },
    additionalProperties: {},
  };
  expect(squeezed(schema)).toBe(
    "{ readonly id: string; /** One. */ readonly 'If-Match'?: number | undefined; }",
  );
});

it('writes records, lists, unions, literals and references', () => {
  expect(squeezed({ type: 'object', additionalProperties: { type: 'number' } })).toBe(
    'Readonly<Record<string, number>>',
  );
  expect(squeezed({ type: 'array', items: { anyOf: [{ const: 'a' }, { type: ['string', 'null'] }] } })).toBe(
    "readonly ('a' | (string | null))[]",
  );
  expect(squeezed({ $ref: '#/components/schemas/Agent' })).toBe('Agent');
  expect(squeezed({})).toBe('unknown');
});

it('throws for a schema that it does not know', () => {
  expect(() => typeText({ type: 'file' })).toThrow('no type');
});
