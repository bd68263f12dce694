import { expect, it, vi } from 'vitest';
import type { LocalNode } from '../membership/local-node.ts';
import { silentLogger } from '../logger.ts';
import { emptyView } from '../membership/view/view.ts';
import { encodeView } from '../membership/view/view-codec.ts';
import { memoryLogsKit } from '../testing/memory-logs.ts';
import { controlGroup, controlStream, createSubjects } from '../transport/subjects.ts';
import { readNewestView, ViewLog } from './view-log.ts';

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

it('keeps a view that the watch reports while an older one is read again', async () => {
  const { log, clock, eventually } = memoryLogsKit();
  const subjects = createSubjects('test');
  const name = controlStream('test', controlGroup);
  const subject = subjects.control(controlGroup, 'view');
  await log.ensure({ name, subjects: [subject], historyPerSubject: 0, feed: subjects.feed(name) });
  const write = (epoch: number) =>
    log.append(name, { subject, payload: encodeView({ ...emptyView, epoch }), replacesSubject: true });
  await write(1);
  const seen: number[] = [];
  const node = { storage: { log }, subjects, clock, log: silentLogger } as unknown as LocalNode;
  const views = new ViewLog(node, { onView: ({ epoch }) => void seen.push(epoch), onLost: () => undefined });
  const older = await log.readLast(name, subject);
  const read = Promise.withResolvers<typeof older>();
  await eventually(() => Promise.resolve(seen.length === 1));
  vi.spyOn(log, 'readLast').mockReturnValueOnce(read.promise);
  const looked = views.lookAgain({ fence: emptyView.fence, epoch: 1 });
  await write(2);
  await eventually(() => Promise.resolve(seen.length === 2));
  read.resolve(older);
  await looked;
  views.close();
  expect(seen).toEqual([1, 2]);
});
