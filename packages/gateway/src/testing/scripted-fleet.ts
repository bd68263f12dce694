import {
  type ModelListing,
  type FleetCall,
  type FleetClient,
  FleetError,
  type FleetErrorCode,
  type FleetHead,
  type FleetRequest,
  type InstanceEvidence,
  type InstanceLoad,
} from '@drover/fleet';

/** One request that reached the fleet; the test plays the host. */
export interface ScriptedCall {
  readonly request: FleetRequest;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Batches the gateway has pulled so far. */
  readonly pulled: () => number;
  head(head?: Partial<FleetHead>): void;
  lines(...lines: string[]): void;
  end(): void;
  fail(code: FleetErrorCode, message?: string, retryAfterMs?: number): void;
}

export interface ScriptedFleet extends FleetClient {
  readonly calls: readonly ScriptedCall[];
  /** The next call to arrive, or one that already did. */
  next(): Promise<ScriptedCall>;
  catalogues: readonly (ModelListing & { readonly node: string })[];
  evidence: readonly InstanceEvidence[];
}

/** A fleet played by the test. */
export function scriptedFleet(): ScriptedFleet {
  const calls: ScriptedCall[] = [];
  const waiting: ((call: ScriptedCall) => void)[] = [];
  let handed = 0;
  const fleet: ScriptedFleet = {
    calls,
    catalogues: [],
    evidence: [evidenceOf('host-a', { models: [modelLoad('m:latest')] })],
    next: async () => {
      const known = calls[handed++];
      if (known) return known;
      return await new Promise((resolve) => waiting.push(resolve));
    },
    load: {
      instances: () => fleet.evidence,
      modelNames: () => [
        ...new Set(fleet.evidence.flatMap(({ load }) => load.models.map(({ name }) => name))),
      ],
      hasReports: true,
      onChange: () => () => undefined,
      counters: { bad: 0, stale: 0, overflow: 0 },
    },
    run: (request, signal) => {
      const { call, script } = openCall(request, signal);
      calls.push(script);
      waiting.shift()?.(script);
      return call;
    },
    why: () => undefined,
    describe: async () => fleet.catalogues,
    active: 0,
    stop: async () => undefined,
  };
  return fleet;
}

export function modelLoad(name: string): InstanceLoad['models'][number] {
  return { name, digest: name, loaded: true, sizeBytes: 1, vramBytes: 1, busy: 0, queued: 0 };
}

export function evidenceOf(node: string, load: Partial<InstanceLoad> = {}): InstanceEvidence {
  return {
    node,
    nodeIncarnation: 1,
    alive: true,
    suspect: false,
    ageMs: 40,
    pending: 0,
    load: {
      name: 'ollama',
      url: 'http://127.0.0.1:11434',
      simulated: false,
      version: '0.33.0',
      state: 'ready',
      slots: 1,
      busy: 0,
      queued: 0,
      maxQueue: 64,
      catalogueRevision: 1,
      models: [],
      ...load,
    },
  };
}

function openCall(request: FleetRequest, signal: AbortSignal): { call: FleetCall; script: ScriptedCall } {
  const head = Promise.withResolvers<FleetHead>();
  head.promise.catch(() => undefined);
  const queue: (readonly string[])[] = [];
  let ending: { error?: FleetError } | undefined;
  let wake: (() => void) | undefined;
  let pulled = 0;
  const fail = (code: FleetErrorCode, message = code as string, retryAfterMs = 0): void => {
    const { requestId, model } = request;
    const error = new FleetError(code, message, { requestId, model, node: 'host-a', retryAfterMs });
    ending ??= { error };
    head.reject(error);
    wake?.();
  };
  signal.addEventListener('abort', () => fail('cancelled', 'the caller aborted'));
  const call: FleetCall = {
    head: head.promise,
    lines: {
      async *[Symbol.asyncIterator](): AsyncGenerator<readonly string[]> {
        for (;;) {
          const batch = queue.shift();
          if (batch) {
            pulled++;
            yield batch;
          } else if (ending?.error) throw ending.error;
          else if (ending) return;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      },
    },
    cancel: (reason) => fail('cancelled', reason),
  };
  const script: ScriptedCall = {
    request,
    body: Buffer.from(request.body).toString('utf8'),
    signal,
    pulled: () => pulled,
    head: (given = {}) =>
      head.resolve({
        status: 200,
        contentType: 'application/x-ndjson',
        node: 'host-a',
        instance: 'ollama',
        simulated: false,
        queuedMs: 0,
        ...given,
      }),
    lines: (...lines) => {
      queue.push(lines);
      wake?.();
    },
    end: () => {
      ending ??= {};
      wake?.();
    },
    fail,
  };
  return { call, script };
}
