import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { systemRandom } from '../random/system-random.ts';
import { JetStreamLog } from '../storage/log/jetstream-log.ts';
import type { AppendOutcome } from '../storage/log/log.ts';
import { RecordWriter } from '../storage/log/record-writer.ts';
import { connectJetStream, eventually, type JetStream, openJetStream } from '../testing/jetstream.ts';
import { createFence, type Fence, takeFence } from './fence.ts';
import { FencedWriter } from './fenced-writer.ts';

const parts = { clock: systemClock, random: systemRandom };
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const text = (value: string) => new TextEncoder().encode(value);
const at = (leaf: string, value = leaf) => ({ subject: `g.${leaf}`, payload: text(value) });

interface Candidate {
  readonly log: JetStreamLog;
  readonly writer: RecordWriter;
  readonly fenced: FencedWriter;
  /** The next append is done and its reply lost; `meanwhile` runs before the writer learns of it. */
  loseReply(meanwhile?: () => Promise<unknown>): void;
  lead(after: number): Promise<Fence>;
}

/** Loses the reply of one append. */
class LossyLog extends JetStreamLog {
  /** Runs after the append whose reply is lost. */
  lost: (() => Promise<unknown>) | undefined = undefined;

  override async append(...parameters: Parameters<JetStreamLog['append']>): Promise<AppendOutcome> {
    const outcome = await super.append(...parameters);
    const { lost } = this;
    if (lost === undefined) return outcome;
    this.lost = undefined;
    await lost();
    return { kind: 'unanswered', cause: 'the reply was lost' };
  }
}

async function setup(): Promise<JetStream> {
  const jetstream = await openJetStream();
  ends.push(jetstream.dispose);
  const log = new JetStreamLog(jetstream.client);
  await log.ensure({ name: 'G', subjects: ['g.>'], historyPerSubject: 0 });
  return jetstream;
}

async function candidate(jetstream: JetStream, name: string): Promise<Candidate> {
  const { client, transport } = await connectJetStream([jetstream.server.url], name);
  ends.push(() => transport.close());
  const log = new LossyLog(client);
  const writer = new RecordWriter({ log, ...parts });
  return {
    log,
    writer,
    fenced: new FencedWriter({ log, writer }),
    loseReply(meanwhile = () => Promise.resolve()) {
      log.lost = meanwhile;
    },
    async lead(after) {
      const taken = await takeFence(writer, { log: 'G', after, record: at('lead', name) });
      if (taken.kind === 'lost') throw new Error('another candidate was first');
      return taken.fence;
    },
  };
}

describe('a fence on a real server', () => {
  it('refuses every write of a deposed holder, alone and in batches', async () => {
    const jetstream = await setup();
    const [one, two] = [await candidate(jetstream, 'one'), await candidate(jetstream, 'two')];
    const mine = await one.lead(0);
    const first = await Promise.all(['a', 'b', 'c'].map((leaf) => one.fenced.write(mine, at(leaf))));
    expect(first.map(({ kind }) => kind)).toEqual(['written', 'written', 'written']);
    await two.lead(mine.sequence);
    const late = await Promise.all(['a', 'b', 'c'].map((leaf) => one.fenced.write(mine, at(leaf))));
    expect(new Set(late.map(({ kind }) => kind))).toEqual(new Set(['deposed']));
    expect((await one.log.info('G')).records).toBe(5);
  });

  it('reports an accepted write as written although its reply was lost and a successor has written since', async () => {
    const jetstream = await setup();
    const [one, two] = [await candidate(jetstream, 'one'), await candidate(jetstream, 'two')];
    const mine = await one.lead(0);
    one.loseReply(async () => {
      const theirs = await two.lead(mine.sequence);
      await two.fenced.write(theirs, at('state', 'two'));
    });
    expect(await one.fenced.write(mine, at('state', 'one'))).toEqual({ kind: 'written', sequence: 2 });
    expect(await one.fenced.write(mine, at('state', 'late'))).toMatchObject({ kind: 'deposed' });
  });

  it('does not append again what it wrote before the server was killed', async () => {
    const jetstream = await setup();
    const one = await candidate(jetstream, 'one');
    const mine = await one.lead(0);
    one.loseReply(async () => {
      await jetstream.server.stop('SIGKILL');
      await jetstream.server.start();
      await eventually(() =>
        one.log.info('G').then(
          () => true,
          () => false,
        ),
      );
    });
    expect(await one.fenced.write(mine, at('state', 'once'))).toEqual({ kind: 'written', sequence: 2 });
    expect((await one.log.info('G')).records).toBe(2);
  });

  it('has no fence of a lost log accepted by the log that replaced it', async () => {
    const jetstream = await setup();
    const one = await candidate(jetstream, 'one');
    const mine = await one.lead(0);
    await jetstream.client.require('G', 'STREAM.DELETE.G');
    await expect(one.fenced.write(mine, at('state'))).rejects.toMatchObject({ code: 'store-missing' });
    const spec = { name: 'G', subjects: ['g.>'], historyPerSubject: 0, firstSequence: systemClock.wallNow() };
    await one.log.ensure(spec);
    const regained = await one.lead(0);
    expect(regained.sequence).toBeGreaterThan(mine.sequence);
    expect(await one.fenced.write(mine, at('state', 'stale'))).toMatchObject({ kind: 'deposed' });
    expect(await one.fenced.write(createFence('G', 'g.lead', regained.sequence), at('state'))).toMatchObject({
      kind: 'written',
    });
  });
});
