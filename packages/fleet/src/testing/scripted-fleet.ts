import type { FleetCall, FleetClient, FleetHead, FleetRequest } from '../client/fleet-client.ts';
import { FleetError, type FleetErrorCode } from '../errors.ts';
import type { InstanceEvidence } from '../load/load-table.ts';
import type { ModelListing } from '../protocol/model-listing.ts';
import { evidence } from './evidence.ts';

/** One request to a scripted fleet. The test sends the answer. */
export interface ScriptedCall {
  readonly request: FleetRequest;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Number of batches of lines that the caller has taken. */
  readonly pulled: () => number;
  /** Sends the head: status 200 of the first instance, except for the given fields. Later heads are ignored. */
  head(head?: Partial<FleetHead>): void;
  /** Sends lines as one batch. */
  lines(...lines: string[]): void;
  /** Ends the lines. */
  end(): void;
  fail(code: FleetErrorCode, message?: string, retryAfterMs?: number): void;
  /** Sends the head and one chat line for each piece of text. */
  say(...pieces: string[]): void;
  /** Sends the head and Ollama's last chat line, and ends the lines. */
  finish(): void;
}

/** A `FleetClient` whose answers the test writes. */
export interface ScriptedFleet extends FleetClient {
  readonly calls: readonly ScriptedCall[];
  /** The next call that no earlier `next` returned; waits for it. */
  next(): Promise<ScriptedCall>;
  /** What `describe` answers. */
  modelListings: readonly (ModelListing & { readonly node: string })[];
  /** What the load table contains. */
  evidence: readonly InstanceEvidence[];
  /**
   * `by-hand`: the test answers · `echo`: each chat is answered at once with its last message, and a message that
   * starts with `hold` is not ended · `throws`: `run` throws an unexpected error.
   */
  mode: 'by-hand' | 'echo' | 'throws';
}

/** A scripted fleet with the given instances, or with one instance that has `m:latest` loaded. */
export function scriptedFleet(instances: readonly InstanceEvidence[] = [evidence()]): ScriptedFleet {
  const calls: ScriptedCall[] = [];
  const waiting: ((call: ScriptedCall) => void)[] = [];
  let returned = 0;
  const fleet: ScriptedFleet = {
    calls,
    modelListings: [],
    evidence: instances,
    mode: 'by-hand',
    next: async () => {
      const known = calls[returned++];
      return known ?? (await new Promise((resolve) => waiting.push(resolve)));
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
      if (fleet.mode === 'throws') throw new Error('a fault in the code');
      const { call, script } = openCall(request, signal, fleet.evidence[0] ?? evidence());
      calls.push(script);
      waiting.shift()?.(script);
      if (fleet.mode === 'echo') echo(script);
      return call;
    },
    adopt: async () => undefined,
    why: () => undefined,
    describe: async () => fleet.modelListings,
    active: 0,
    stop: async () => undefined,
  };
  return fleet;
}

function echo(script: ScriptedCall): void {
  const { messages } = JSON.parse(script.body) as { messages: readonly { content: string }[] };
  const input = messages.at(-1)?.content ?? '';
  script.say(...input.split(/(?<= )/));
  if (!input.startsWith('hold')) script.finish();
}

function openCall(
  request: FleetRequest,
  signal: AbortSignal,
  { node, load }: InstanceEvidence,
): { call: FleetCall; script: ScriptedCall } {
  const head = Promise.withResolvers<FleetHead>();
  head.promise.catch(() => undefined);
  const queue: (readonly string[])[] = [];
  let ended: { error?: FleetError } | undefined;
  let wake: (() => void) | undefined;
  let pulled = 0;
  const fail = (code: FleetErrorCode, message = code as string, retryAfterMs = 0): void => {
    const { requestId, model } = request;
    const error = new FleetError(code, message, { requestId, model, node, retryAfterMs });
    ended ??= { error };
    head.reject(error);
    wake?.();
  };
  signal.addEventListener('abort', () => fail('cancelled', 'the caller aborted'));
  async function* read(): AsyncGenerator<readonly string[]> {
    for (;;) {
      const batch = queue.shift();
      if (batch) {
        pulled++;
        yield batch;
      } else if (ended?.error) throw ended.error;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const script: ScriptedCall = {
    request,
    body: Buffer.from(request.body).toString('utf8'),
    signal,
    pulled: () => pulled,
    head: (given = {}) =>
      head.resolve({
        status: 200,
        contentType: 'application/x-ndjson',
        node,
        instance: load.name,
        simulated: load.simulated,
        queuedMs: 0,
        ...given,
      }),
    lines: (...lines) => {
      queue.push(lines);
      wake?.();
    },
    end: () => {
      ended ??= {};
      wake?.();
    },
    fail,
    say: (...pieces) => {
      script.head();
      for (const content of pieces)
        script.lines(JSON.stringify({ message: { role: 'assistant', content }, done: false }));
    },
    finish: () => {
      script.head();
      script.lines(
        JSON.stringify({ message: { content: '' }, done: true, prompt_eval_count: 3, eval_count: 2 }),
      );
      script.end();
    },
  };
  const lines = read();
  const forEachBatch: FleetCall['forEachBatch'] = async (take) => {
    for await (const batch of lines) await take(batch);
  };
  const cancel = (reason: string): void => fail('cancelled', reason);
  return { call: { head: head.promise, lines, forEachBatch, continuedBy: [], cancel }, script };
}
