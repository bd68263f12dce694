import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkTable } from './check-table.ts';
import { agentsHelp } from './help/agents-help.ts';
import { commandHelp } from './help/command-help.ts';
import { fleetHelp } from './help/fleet-help.ts';
import { gatewayHelp } from './help/gateway-help.ts';
import { troubleshootingPage } from './troubleshooting.ts';

/** Codes in the gateway's sources: the second argument of every `RequestFailure`. */
function codesOfGateway(): string[] {
  const folder = new URL('../../../gateway/src/', import.meta.url).pathname;
  const codes = new Set<string>();
  for (const file of globSync('**/*.ts', { cwd: folder })) {
    if (/\.test\.ts$|^testing\//.test(file)) continue;
    const text = readFileSync(`${folder}${file}`, 'utf8');
    for (const [, code] of text.matchAll(/RequestFailure\(\s*[^,'"()]+,\s*'([a-z-]+)'/g))
      codes.add(code ?? '');
  }
  return [...codes].toSorted();
}

it('has a row for every code that the gateway can answer', () => {
  const known = new Set([gatewayHelp, fleetHelp, agentsHelp].flatMap((table) => Object.keys(table)));
  const codes = codesOfGateway();
  expect(codes.length).toBeGreaterThan(20);
  expect(codes.filter((code) => !known.has(code))).toEqual([]);
});

it('has no row for a code that the gateway does not have', () => {
  const codes = new Set(codesOfGateway());
  expect(Object.keys(gatewayHelp).filter((code) => !codes.has(code))).toEqual([]);
});

it('has a meaning and a fix for each code', () => {
  const rows = [gatewayHelp, fleetHelp, agentsHelp, commandHelp].flatMap((table) => Object.entries(table));
  for (const [code, { means, fix }] of rows) {
    expect(means, code).toMatch(/^[A-Z`].*[.)]$/);
    expect(fix, code).toMatch(/^[A-Z`].*\.$/);
  }
});

it('shows every check and every code on the troubleshooting page', () => {
  const page = troubleshootingPage();
  const names = [checkTable, gatewayHelp, fleetHelp, agentsHelp, commandHelp].flatMap((table) =>
    Object.keys(table),
  );
  for (const name of names) expect(page).toContain(`| \`${name}\` |`);
});
