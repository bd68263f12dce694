import { expect, it } from 'vitest';
import { formatTraceParent, readTraceParent } from './trace-parent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

it('reads a traceparent and writes it again', () => {
  const text = `00-${traceId}-${spanId}-01`;
  expect(readTraceParent(text)).toEqual({ traceId, spanId, isSampled: true });
  expect(formatTraceParent({ traceId, spanId, isSampled: true })).toBe(text);
  expect(readTraceParent(`00-${traceId}-${spanId}-02`)?.isSampled).toBe(false);
});

it('ignores what a later version adds', () => {
  expect(readTraceParent(`01-${traceId}-${spanId}-01-more`)?.traceId).toBe(traceId);
});

it.each([
  undefined,
  '',
  'nonsense',
  `ff-${traceId}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-01\n`,
])('takes %j for no traceparent', (text) => {
  expect(readTraceParent(text)).toBeUndefined();
});
