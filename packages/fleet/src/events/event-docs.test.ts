import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type EventType, eventTypes } from './event-types.ts';

const page = new URL('../../../../docs/events.md', import.meta.url);

/** The table of types. To update the page, copy the expected text of the failure. */
function table(): string {
  const rows = (Object.keys(eventTypes) as EventType[]).map((type) => {
    const { isDurable, by, ofTenant, summary, fields } = eventTypes[type];
    const kept = isDurable ? 'stored' : 'live';
    const payload = fields.map((field) => `\`${field}\``).join(', ');
    const sources = by.length > 2 ? 'every node' : by.join(', ');
    return `| \`${type}\` | ${summary} | ${kept} | ${ofTenant ? 'tenant' : 'cluster'} | ${sources} | ${payload} |`;
  });
  const head = ['| type | what happened | | of | said by | payload |', '|---|---|---|---|---|---|'];
  return [...head, ...rows].join('\n');
}

it('lists every type of event in docs/events.md, as the code has it', () => {
  const text = readFileSync(page, 'utf8');
  const [, listed] = /<!-- types:[^\n]*-->\n([\s\S]*)\n<!-- end of types -->/.exec(text) ?? [];
  expect(listed).toBe(table());
});
