import type { Clock } from '@drover/actor-core';
import { type FleetCall, FleetError, type FleetClient, type RequestPrincipal } from '@drover/fleet';
import type { AgentDefinition } from '../definitions/agent-definition.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { type ChatUsage, decideLine } from './chat-answer.ts';
import { parseChatLine } from './chat-line.ts';

export interface ChatTask {
  readonly runId: string;
  readonly definition: AgentDefinition;
  readonly model: string;
  /** Options of the spawn request; they override those of the definition. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly input: string;
  readonly timeoutMs: number;
  readonly maxOutputChars: number;
  /** Who gave the task. @default the cluster itself */
  readonly principal?: RequestPrincipal | undefined;
}

/** What one model call has used. */
export type CallUsage = ChatUsage;

/**
 * Runs the model call of one task. `onText` receives each piece of the answer. A failure of the fleet is an outcome,
 * not an exception. Aborting `signal` cancels the call and closes its connection to Ollama.
 */
export async function runChat(
  fleet: FleetClient,
  clock: Clock,
  task: ChatTask,
  signal: AbortSignal,
  onText: (text: string) => void,
  onUsage: (usage: CallUsage) => void = () => undefined,
): Promise<RunOutcome> {
  const startedAtMs = clock.now();
  const call = fleet.run(
    {
      requestId: task.runId,
      tenant: task.principal?.tenant ?? 'agents',
      ...(task.principal && { principal: task.principal }),
      route: 'chat',
      model: task.model,
      body: chatBody(task),
      timeoutMs: task.timeoutMs,
    },
    signal,
  );
  try {
    const head = await call.head;
    if (head.status !== 200) return await readRefusal(call, head.status);
    return await readAnswer(call, { ...task, onUsage }, onText, () => clock.now() - startedAtMs);
  } catch (error) {
    if (error instanceof FleetError) return fleetFailure(error);
    throw error;
  }
}

function chatBody(task: ChatTask): Uint8Array {
  const body = {
    model: task.model,
    messages: [
      { role: 'system', content: task.definition.systemPrompt },
      { role: 'user', content: task.input },
    ],
    stream: true,
    options: { ...task.definition.options, ...task.options },
  };
  return new TextEncoder().encode(JSON.stringify(body));
}

async function readAnswer(
  call: FleetCall,
  task: ChatTask & { readonly onUsage: (usage: CallUsage) => void },
  onText: (text: string) => void,
  elapsedMs: () => number,
): Promise<RunOutcome> {
  let output = '';
  for await (const lines of call.lines) {
    for (const line of lines) {
      const step = decideLine(line, output.length, task.maxOutputChars);
      if (step.type === 'fail') {
        if (step.cancelsCall) call.cancel(step.message);
        return failed('task-failed', `${step.code}: ${step.message}`);
      }
      output += step.text;
      if (step.text !== '') onText(step.text);
      if (step.type === 'end') {
        task.onUsage(step.usage);
        const { promptTokens, completionTokens } = step.usage;
        const usage = { promptTokens, completionTokens, durationMs: Math.round(elapsedMs()) };
        return { status: 'completed', output, usage };
      }
    }
  }
  return failed('task-failed', 'bad-upstream: the answer ended without its last line');
}

async function readRefusal(call: FleetCall, status: number): Promise<RunOutcome> {
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
