import { expect, it } from 'vitest';
import { emptyView } from '../membership/view/view.ts';
import { encodeView } from '../membership/view/view-codec.ts';
import { memoryLogsKit } from '../testing/memory-logs.ts';
import { controlGroup, createSubjects } from '../transport/subjects.ts';
import { readNewestView } from './view-log.ts';

it('begins with no view of a server that lags behind the lead record', async () => {
  const { log, clock, plan, settled } = memoryLogsKit();
  const subjects = createSubjects('test');
  const [view, lead] = [subjects.control(controlGroup, 'view'), subjects.control(controlGroup, 'lead')];
  const name = 'CTL';
  await log.ensure({ name, subjects: [view, lead], historyPerSubject: 0 });
  for (const epoch of [1, 2])
    await log.append(name, {
      subject: view,
      payload: encodeView({ ...emptyView, epoch }),
      replacesSubject: true,
    });
  await log.append(name, { subject: lead, payload: new Uint8Array(0) });
  const { lastSequence } = await log.info(name);
  plan('read', 'stale-read', 'stale-read', undefined);
  const fence = { log: name, sequence: lastSequence };
  const storage = { log } as Parameters<typeof readNewestView>[0]['storage'];
  const read = readNewestView({ storage, subjects, clock }, fence, new AbortController().signal);
  expect(await settled(read)).toMatchObject({ epoch: 2 });
});
