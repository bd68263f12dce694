import { expect, it } from 'vitest';
import { readClusterReport } from '../gateway-client/cluster-report.ts';
import { membersTable } from './members-table.ts';

const address = { url: 'http://127.0.0.1:1', origin: '--url' } as Parameters<typeof readClusterReport>[1];

it('shows the word of the leader and what is heard, one line for each member', () => {
  const report = readClusterReport(
    {
      epoch: 3,
      control: { name: 'control', leader: 'h', state: 'led' },
      members: [
        {
          id: 'a',
          incarnation: 7,
          state: 'up',
          roles: ['host'],
          version: '0.4.0',
          zone: 'x',
          evidence: 'alive',
          evidenceAgeMs: 240,
        },
        { id: 'b', incarnation: 1, state: 'dead', roles: [], evidence: 'unheard' },
      ],
    },
    address,
  );
  expect(membersTable(report)).toEqual([
    ['NODE', 'ROLES', 'STATE', 'HEARD', 'VERSION', 'ZONE', 'INCARNATION'],
    ['a', 'host', 'up', 'alive 0.2s ago', '0.4.0', 'x', '7'],
    ['b', '', 'dead', 'unheard', '-', '-', '1'],
  ]);
});

it('refuses an answer that is no cluster report', () => {
  expect(() => readClusterReport({ nodes: [] }, address)).toThrow('not with the members of a Drover cluster');
});
