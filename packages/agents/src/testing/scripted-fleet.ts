import {
  FleetError,
  type FleetCall,
  type FleetClient,
  type FleetHead,
  type FleetRequest,
} from '@drover/fleet';

/** One fleet call, answered by the test. */
export interface ScriptedCall {
  readonly request: FleetRequest;
  readonly body: { readonly model: string; readonly messages: readonly { role: string; content: string }[] };
  readonly signal: AbortSignal;
  say(...pieces: string[]): void;
  finish(): void;
  fail(error: FleetError): void;
  /** Ends the stream without Ollama's last line. */
  cut(): void;
}

export interface ScriptedFleet extends FleetClient {
  readonly calls: readonly ScriptedCall[];
  /**
   * `by-hand`: the test answers · `echo`: answers at once with the input, but does not end an input that starts with
   * `hold` · `throws`: throws an unexpected error.
   */
  mode: 'by-hand' | 'echo' | 'throws';
  models: readonly string[];
}

/** Test double of the fleet for agents. */
export function scriptedFleet(models: readonly string[] = ['m:latest']): ScriptedFleet {
  const calls: ScriptedCall[] = [];
  const fleet: ScriptedFleet = {
    calls,
    mode: 'by-hand',
    models,
    load: {
      instances: () => [
        {
          node: 'agent-1',
          nodeIncarnation: 1,
          alive: true,
          ageMs: 0,
          pending: 0,
          load: {
            name: 'ollama-1',
            url: 'http://scripted',
            simulated: true,
            version: '0',
            state: 'ready',
            slots: 1,
            busy: 0,
            queued: 0,
            maxQueue: 1,
            catalogueRevision: 1,
            models: fleet.models.map((name) => ({
              name,
              digest: name,
              loaded: false,
              sizeBytes: 0,
              vramBytes: 0,
              busy: 0,
              queued: 0,
            })),
          },
        },
      ],
      modelNames: () => fleet.models,
      hasReports: true,
      onChange: () => () => undefined,
    } as unknown as FleetClient['load'],
    active: 0,
    why: () => undefined,
    describe: async () => [],
    stop: async () => undefined,
    run(request, signal) {
      if (fleet.mode === 'throws') throw new Error('a fault in the code');
      const { call, scripted } = openCall(request, signal);
      calls.push(scripted);
      if (fleet.mode === 'echo') {
        const input = scripted.body.messages.at(-1)?.content ?? '';
        scripted.say(...input.split(/(?<= )/));
        if (!input.startsWith('hold')) scripted.finish();
      }
      return call;
    },
  };
  return fleet;
}

function openCall(request: FleetRequest, signal: AbortSignal): { call: FleetCall; scripted: ScriptedCall } {
  const lines: (string | Error | undefined)[] = [];
  let wake: (() => void) | undefined;
  const push = (line: string | Error | undefined): void => {
    lines.push(line);
    wake?.();
  };
  const details = { requestId: request.requestId, model: request.model };
  const head = Promise.withResolvers<FleetHead>();
  const headNow = (): void =>
    head.resolve({
      status: 200,
      contentType: 'application/x-ndjson',
      node: 'agent-1',
      instance: 'ollama-1',
      simulated: true,
      queuedMs: 0,
    });
  const fail = (error: Error): void => {
    head.reject(error);
    push(error);
  };
  signal.addEventListener('abort', () => fail(new FleetError('cancelled', 'cancelled', details)), {
    once: true,
  });
  async function* read(): AsyncGenerator<readonly string[]> {
    for (;;) {
      while (lines.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const line = lines.shift();
      if (line === undefined) return;
      if (line instanceof Error) throw line;
      yield [line];
    }
  }
  const scripted: ScriptedCall = {
    request,
    body: JSON.parse(new TextDecoder().decode(request.body)) as ScriptedCall['body'],
    signal,
    say(...pieces) {
      headNow();
      for (const content of pieces)
        push(JSON.stringify({ message: { role: 'assistant', content }, done: false }));
    },
    finish() {
      headNow();
      push(JSON.stringify({ message: { content: '' }, done: true, prompt_eval_count: 3, eval_count: 2 }));
      push(undefined);
    },
    fail,
    cut() {
      headNow();
      push(undefined);
    },
  };
  return {
    call: {
      head: head.promise,
      lines: read(),
      cancel: (reason) => fail(new FleetError('cancelled', reason, details)),
    },
    scripted,
  };
}
