import type { QueueAddress, Queues, TakenMessage } from '@drover/actor-core/cluster';

/** Figures of one workload. */
export interface QueueOutcome {
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const at: QueueAddress = { tenant: 'bench', queue: 'deep' };
const body = new Uint8Array(128).fill(0x41);

/** Puts messages until the queue is that deep. */
export async function fill(queues: Queues, depth: number, inFlight: number): Promise<QueueOutcome> {
  return measure(depth, inFlight, async (number) => {
    const { isDuplicate } = await queues.put(at, { id: `f${number}`, body });
    if (isDuplicate) throw new Error(`the new message f${number} was refused as a duplicate`);
  });
}

/** Puts further messages into a deep queue. */
export async function put(queues: Queues, operations: number, inFlight: number): Promise<QueueOutcome> {
  return measure(operations, inFlight, async (number) => {
    await queues.put(at, { id: `p${number}`, body });
  });
}

/** Takes and acknowledges messages, each by itself. No message may come twice. */
export async function takeAndAck(
  queues: Queues,
  operations: number,
  inFlight: number,
): Promise<{ readonly take: QueueOutcome; readonly ack: QueueOutcome }> {
  const taken: TakenMessage[] = [];
  const take = await measure(operations, inFlight, async () => {
    const messages = await queues.take(at);
    if (messages.length !== 1) throw new Error(`a take gave ${messages.length} messages`);
    taken.push(...messages);
  });
  if (new Set(taken.map(({ id }) => id)).size !== operations) throw new Error('a message was taken twice');
  const ack = await measure(operations, inFlight, async (number) => {
    const outcome = await queues.ack(at, taken[number] as TakenMessage);
    if (outcome !== 'settled') throw new Error(`an acknowledgement was answered ${outcome}`);
  });
  return { take, ack };
}

async function measure(
  operations: number,
  inFlight: number,
  act: (number: number) => Promise<void>,
): Promise<QueueOutcome> {
  const latenciesMs: number[] = [];
  let next = 0;
  const work = async () => {
    while (next < operations) {
      const number = next++;
      const beginMs = performance.now();
      await act(number);
      latenciesMs.push(performance.now() - beginMs);
    }
  };
  const beginMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, work));
  const seconds = (performance.now() - beginMs) / 1_000;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const quantile = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { operations, perSecond: operations / seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
