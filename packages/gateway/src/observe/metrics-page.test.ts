import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

/** Names, types and meanings of the gateway's own metrics, as a scrape sees them. */
async function scrapedRows(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const types = new Map(
    [...text.matchAll(/^# TYPE (drover_\S+) (\S+)$/gm)].map(([, name = '', type]) => [name, type]),
  );
  return [...text.matchAll(/^# HELP (drover_\S+) (.+)$/gm)]
    .map(([, name = '', help = '']) => `| \`${name}\` | ${types.get(name)} | ${help} |`)
    .toSorted();
}

it('has a row in docs/telemetry.md for each metric, and no other', async () => {
  await using setup = await startScriptedGateway();
  const rows = await scrapedRows(setup.url);
  const page = readFileSync(new URL('../../../../docs/telemetry.md', import.meta.url), 'utf8');
  const written = page.split('\n').filter((line) => line.startsWith('| `drover_'));
  expect(written, `docs/telemetry.md should list:\n${rows.join('\n')}\n`).toEqual(rows);
});
