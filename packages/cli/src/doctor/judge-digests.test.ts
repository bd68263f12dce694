import { expect, it } from 'vitest';
import type { ModelStatus } from '../gateway-client/status-report.ts';
import { judgeDigests } from './judge-digests.ts';

function model(name: string, ...digests: string[]): ModelStatus {
  return { name, digests, loaded: false, slots: 1, busy: 0, queued: 0 };
}

it('finds no fault when each name has one digest on all hosts that list it', () => {
  const nodes = [
    { id: 'a', models: [model('m:latest', 'sha256:11'), model('n:latest', '22')] },
    { id: 'b', models: [model('m:latest', 'sha256:11')] },
  ];
  expect(judgeDigests(nodes)).toMatchObject({ ok: true, fix: '' });
});

it('names the model, the digests and the hosts where one name has two digests', () => {
  const nodes = [
    { id: 'a', models: [model('m:latest', 'sha256:111111111111aaaa')] },
    { id: 'b', models: [model('m:latest', '222222222222bbbb')] },
    { id: 'c', models: [model('m:latest', '222222222222bbbb')] },
  ];
  expect(judgeDigests(nodes)).toMatchObject({
    ok: false,
    detail: 'm:latest is 111111111111 on a but 222222222222 on b, c',
    fix: '"ollama pull m:latest" on each of these hosts, or give one of the copies another name',
  });
});

it('finds two digests on one node, and counts the models that it does not name', () => {
  const split = ['k', 'l', 'm', 'n', 'o'].map((name) => model(name, '1', '2'));
  expect(judgeDigests([{ id: 'a', models: split }]).detail).toMatch(
    /^k is 1 on a but 2 on a; .* and 2 more models$/,
  );
});

it('finds no fault at a node that reports no digests', () => {
  expect(judgeDigests([{ id: 'a', models: [{ ...model('m'), digests: undefined as never }] }]).ok).toBe(true);
});
