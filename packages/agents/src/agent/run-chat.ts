import type { Clock } from '@drover/actor-core';
import { type FleetCall, FleetError, type FleetClient } from '@drover/fleet';
import type { AgentDefinition } from '../definitions/agent-definition.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { type ChatLine, parseChatLine } from './chat-line.ts';

export interface ChatTask {
  readonly runId: string;
  readonly entry: AgentDefinition;
  readonly model: string;
  /** Of the spawn request; they win over the entry's. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly input: string;
  readonly timeoutMs: number;
  readonly maxOutputChars: number;
}

/**
 * One model call for one task. `onText` hears each piece of the answer as it comes. Everything that goes wrong in
 * the fleet is an outcome; aborting `signal` ends the call down to Ollama.
 */
export async function runChat(
  fleet: FleetClient,
  clock: Clock,
  task: ChatTask,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<RunOutcome> {
  const startedAtMs = clock.now();
  const call = fleet.run(
    {
      requestId: task.runId,
      tenant: 'agents',
      route: 'chat',
      model: task.model,
      body: chatBody(task),
      timeoutMs: task.timeoutMs,
    },
    signal,
  );
  try {
    const head = await call.head;
    if (head.status !== 200) return await refusedByOllama(call, head.status);
    return await readAnswer(call, task, onText, () => clock.now() - startedAtMs);
  } catch (error) {
    if (error instanceof FleetError) return fleetFailure(error);
    throw error;
  }
}

function chatBody(task: ChatTask): Uint8Array {
  const body = {
    model: task.model,
    messages: [
      { role: 'system', content: task.entry.systemPrompt },
      { role: 'user', content: task.input },
    ],
    stream: true,
    options: { ...task.entry.options, ...task.options },
  };
  return new TextEncoder().encode(JSON.stringify(body));
}

async function readAnswer(
  call: FleetCall,
  task: ChatTask,
  onText: (text: string) => void,
  elapsedMs: () => number,
): Promise<RunOutcome> {
  let output = '';
  for await (const lines of call.lines) {
    for (const line of lines) {
      const parsed: ChatLine | undefined = parseChatLine(line);
      if (!parsed)
        return breakOff(call, 'bad-upstream', 'the model server answered something that is not its protocol');
      if (parsed.error !== undefined) return failed('task-failed', `bad-upstream: ${parsed.error}`);
      if (output.length + parsed.text.length > task.maxOutputChars) {
        return breakOff(
          call,
          'too-long',
          `the answer is longer than ${task.maxOutputChars} characters; set num_predict`,
        );
      }
      if (parsed.text !== '') {
        output += parsed.text;
        onText(parsed.text);
      }
      if (parsed.end) {
        return { status: 'completed', output, usage: { ...parsed.end, durationMs: Math.round(elapsedMs()) } };
      }
    }
  }
  return failed('task-failed', 'bad-upstream: the answer ended without saying that it was complete');
}

function breakOff(call: FleetCall, code: string, message: string): RunOutcome {
  call.cancel(message);
  return failed('task-failed', `${code}: ${message}`);
}

async function refusedByOllama(call: FleetCall, status: number): Promise<RunOutcome> {
  for await (const lines of call.lines) {
    const error = lines.map((line) => parseChatLine(line)?.error).find((text) => text !== undefined);
    if (error !== undefined)
      return failed('task-failed', `${status === 404 ? 'model-not-found' : `http-${status}`}: ${error}`);
  }
  return failed('task-failed', `http-${status}: the model server refused the request`);
}

function fleetFailure(error: FleetError): RunOutcome {
  if (error.code === 'deadline') return failed('deadline', error.message);
  if (error.code === 'cancelled') return failed('cancelled', error.message);
  return failed('task-failed', `${error.code}: ${error.message}`);
}
