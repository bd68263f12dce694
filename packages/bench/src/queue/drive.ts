import type { QueueClient, TakenForBench } from './queue-arm.ts';

/** Figures of one workload. */
export interface QueueOutcome {
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const body = new Uint8Array(128).fill(0x41);

/** Puts messages until the queue is that deep. */
export async function fill(client: QueueClient, depth: number, inFlight: number): Promise<QueueOutcome> {
  return measure(depth, inFlight, (number) => client.put(`f${number}`, body));
}

/** Puts further messages into a deep queue. */
export async function put(client: QueueClient, operations: number, inFlight: number): Promise<QueueOutcome> {
  return measure(operations, inFlight, (number) => client.put(`p${number}`, body));
}

/** Takes and acknowledges messages, each by itself. No message may come twice. */
export async function takeAndAck(
  client: QueueClient,
  operations: number,
  inFlight: number,
): Promise<{ readonly take: QueueOutcome; readonly ack: QueueOutcome }> {
  const taken: TakenForBench[] = [];
  const take = await measure(operations, inFlight, async () => void taken.push(await client.take()));
  if (new Set(taken.map(({ id }) => id)).size !== operations) throw new Error('a message was taken twice');
  const ack = await measure(operations, inFlight, (number) => (taken[number] as TakenForBench).ack());
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
