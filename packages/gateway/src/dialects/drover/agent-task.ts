import type { AgentsClient, TaskRequest, TaskUsage } from '@drover/agents';
import { RequestFailure } from '../../errors.ts';
import { failureOf } from '../../failure.ts';
import type { Exchange } from '../../http/exchange.ts';
import { agreeOnTimeout, timeoutHeader } from '../../inference/timeout-header.ts';
import { permittedModels } from '../../keys/permitted-models.ts';
import type { Principal } from '../../keys/principal.ts';
import type { Admission } from '../../limits/caller-limits.ts';
import { followRun } from '../../limits/follow-run.ts';
import { parseModelName } from '../../model/model-name.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { taskRequest } from './operations/agent-operations.ts';
import { readJson } from './read-json.ts';
import { streamTask } from './task-stream.ts';

/** Tokens of an answer, and characters of a token, for the estimate that is settled when the task has ended. */
const usualOutput = 512;
const charsPerToken = 3;
/** As in `TaskRequest`. */
const defaultTimeoutMs = 120_000;

/** `POST /api/v1/agents/{id}/task`: a task counts against the limits of its caller like a request to a model. */
export async function runTask(services: GatewayServices, exchange: Exchange, agentId: string): Promise<void> {
  const { principal } = exchange;
  const agents = services.agents.forTenant(principal.tenant, principal);
  const { mode, input, timeoutMs: inBody } = await readJson(exchange, taskRequest, services.bodies);
  const task = { input, timeoutMs: taskTimeoutOf(exchange, inBody, services.config.requestTimeoutMs) };
  if (principal.models.length > 0) requirePermitted(principal, (await agents.get(agentId)).model);
  const admission = await services.limits.enter(exchange);
  const estimate = Math.ceil(input.length / charsPerToken) + usualOutput;
  let tokens: number | undefined;
  try {
    if (admission.limitsTokens) await admission.takeTokens(estimate);
    if (mode === 'async') return await submit(services, exchange, { agents, agentId, task, admission });
    const usage =
      mode === 'stream'
        ? await streamTask(services, exchange, agentId, task)
        : await waitForTask(agents, exchange, agentId, task);
    // A stream that ended with an error has used tokens too.
    tokens = usage === undefined ? estimate : usage.promptTokens + usage.completionTokens;
  } catch (error) {
    // A task that was cut off has used tokens too.
    if (['cancelled', 'deadline'].includes(failureOf(error).code)) tokens = estimate;
    throw error;
  } finally {
    if (mode !== 'async') admission.finish(tokens);
  }
}

/** Whether an agent may be given to a caller who is limited to models. @throws RequestFailure 403 */
export function requirePermitted(principal: Principal, model: string): void {
  if (principal.models.length === 0) return;
  const parsed = parseModelName(model);
  if (parsed.kind === 'ok') return void permittedModels(principal, [parsed.name]);
  const message = 'this key is only for some models, and the agent has none yet: spawn it with a model';
  throw new RequestFailure(403, 'model-not-allowed', message, { field: 'model' });
}

interface Submission {
  readonly agents: AgentsClient;
  readonly agentId: string;
  readonly task: TaskRequest;
  readonly admission: Admission;
}

/** Answers as soon as the run is recorded. The run keeps its place among those of its caller until it has ended. */
async function submit(
  { node, drain }: GatewayServices,
  exchange: Exchange,
  { agents, agentId, task, admission }: Submission,
): Promise<void> {
  let runId: string;
  try {
    ({ runId } = await agents.submit(agentId, task));
  } catch (error) {
    admission.finish(undefined);
    throw error;
  }
  exchange.reply(droverJson({ runId }, 202));
  if (!admission.isLimited) return;
  const { timeoutMs = defaultTimeoutMs } = task;
  void followRun(agents, { runId, timeoutMs }, { clock: node.clock, drain }).then((tokens) =>
    admission.finish(tokens),
  );
}

async function waitForTask(
  agents: AgentsClient,
  exchange: Exchange,
  agentId: string,
  task: TaskRequest,
): Promise<TaskUsage> {
  const result = await agents.task(agentId, task, { signal: exchange.signal });
  exchange.setHeader('x-drover-node', result.node);
  exchange.reply(droverJson(result));
  return result.usage;
}

/** Timeout of a task: `timeoutMs` of the body, else that of the header; undefined without both. */
function taskTimeoutOf(
  exchange: Exchange,
  inBody: number | undefined,
  maxTimeoutMs: number,
): number | undefined {
  if (exchange.header(timeoutHeader) === undefined) return inBody;
  const agreedMs = agreeOnTimeout(exchange, maxTimeoutMs);
  if (inBody !== undefined) exchange.setHeader(timeoutHeader, String(inBody));
  return inBody ?? agreedMs;
}
