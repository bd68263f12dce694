import type { SimHost } from '../sim-host.ts';

/** What clients do, in the order of the table. */
export const features = [
  'chat',
  'streamed chat',
  'text completion',
  'responses',
  'streamed responses',
  'thinking',
  'image',
  'call of a tool',
  'result of a tool',
  'forced call',
  'forbidden call',
  'structured output',
  'embeddings',
  'list of models',
  'one model',
  'count of tokens',
  'name mapped by an alias',
  'error for an unknown model',
  'error in a broken stream',
  'cancel',
  'retry after 503',
] as const;

export type Feature = (typeof features)[number];

/** A fleet of three simulated hosts with the models `sim-count`, `sim-chat`, `sim-think`, `sim-vision`, `sim-embed`. */
export interface Fleet {
  /** Address of the gateway. `claude-*` and `gpt-*` are aliases of `sim-count`. */
  readonly url: string;
  readonly hosts: readonly SimHost[];
}

/** Uses one feature through the client. Throws if the answer is not right. */
export type Check = (fleet: Fleet) => Promise<void>;

/** One client with what it can do; a feature without a check is not a part of the client. */
export interface CompatibleClient {
  readonly name: string;
  readonly version: string;
  readonly checks: Partial<Readonly<Record<Feature, Check>>>;
}

/** Requests that the hosts run now. */
export async function busySlots({ hosts }: Fleet): Promise<number> {
  const states = await Promise.all(hosts.map((host) => host.state()));
  return states.reduce((sum, { busy }) => sum + busy, 0);
}

/** Sets a fault on every host while `work` runs. */
export async function withFault<T>(
  { hosts }: Fleet,
  fault: Record<string, unknown>,
  work: () => Promise<T>,
): Promise<T> {
  await Promise.all(hosts.map((host) => host.fault(fault)));
  try {
    return await work();
  } finally {
    await Promise.all(hosts.map((host) => host.fault({ kind: 'clear' })));
  }
}

export const breaks = { kind: 'cut', after: 5 } as const;
/** The gateway tries every host once before it gives up; the next request finds them well. */
export const isBusyOnce = { kind: '503', times: 1 } as const;

export const toFive = '1 2 3 4 5';

/** A red pixel as PNG. */
export const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** Schema of the arguments of the tool `get_weather`. */
export const weather: {
  readonly type: 'object';
  readonly properties: Record<string, { readonly type: string }>;
  readonly required: string[];
} = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' } },
  required: ['city', 'days'],
};

/** All values of a stream or of the pages of a list. */
export async function collect<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}
