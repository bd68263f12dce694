import { status } from '@grpc/grpc-js';
import { jsonBody, objectText, pathOf, rawField, valueText } from '../read-fields.ts';
import { type Piece, type RpcTable, stream, unary, type WholeAnswer } from '../rpc.ts';
import { failureOfAnswer, RpcFailure } from '../rpc-failure.ts';

interface SpawnProto {
  readonly type: string;
  readonly name: string;
  readonly model: string;
  readonly optionsJson: string;
  readonly idempotencyKey: string;
}

interface ListProto {
  readonly type: string;
  readonly status: string;
  readonly node: string;
  readonly limit: number;
  readonly cursor: string;
}

interface TaskProto {
  readonly agentId: string;
  readonly input: string;
  readonly timeoutMs: number;
}

interface RunJson {
  readonly error?: { readonly code: string; readonly message: string };
}

const agentPath = (...parts: string[]) => pathOf(['api', 'v1', 'agents', ...parts]);
const parsed = ({ text }: WholeAnswer) => JSON.parse(text) as object;
const agent = (answer: WholeAnswer) => ({ agent: parsed(answer) });

/** `drover.v1.AgentService`, by the routes of the agents. Fields have the same names in the protos and in JSON. */
export const agentRpcs: RpcTable = {
  ListAgentTypes: unary<object>(
    () => ({ method: 'GET', path: '/api/v1/catalogue' }),
    ({ text }) => ({ types: (JSON.parse(text) as { entries: readonly object[] }).entries }),
  ),
  SpawnAgent: unary<SpawnProto>(
    ({ type, name, model, optionsJson, idempotencyKey }) => ({
      method: 'POST',
      path: agentPath('spawn'),
      headers: { 'idempotency-key': idempotencyKey === '' ? undefined : idempotencyKey },
      body: objectText({
        type: JSON.stringify(type),
        name: valueText(name),
        model: valueText(model),
        options: rawField('options_json', optionsJson),
      }),
    }),
    agent,
  ),
  GetAgent: unary<{ readonly id: string }>(({ id }) => ({ method: 'GET', path: agentPath(id) }), agent),
  ListAgents: unary<ListProto>(
    ({ type, status: state, node, limit, cursor }) => ({
      method: 'GET',
      path: pathOf(['api', 'v1', 'agents', 'list'], { type, status: state, node, limit, cursor }),
    }),
    parsed,
  ),
  StopAgent: unary<{ readonly id: string }>(({ id }) => ({ method: 'DELETE', path: agentPath(id) }), agent),
  RunTask: unary<TaskProto>(
    (request) => taskRequest(request, 'sync'),
    (answer) => ({ result: parsed(answer) }),
  ),
  StreamTask: stream<TaskProto>('events', (request) => taskRequest(request, 'stream'), taskEvent),
  SubmitTask: unary<TaskProto>((request) => taskRequest(request, 'async'), parsed),
  GetRun: unary<{ readonly runId: string }>(
    ({ runId }) => ({ method: 'GET', path: pathOf(['api', 'v1', 'runs', runId]) }),
    ({ text }) => {
      const run = JSON.parse(text) as RunJson;
      return { run: { ...run, errorCode: run.error?.code, errorMessage: run.error?.message } };
    },
  ),
};

function taskRequest({ agentId, input, timeoutMs }: TaskProto, mode: string) {
  return { method: 'POST', path: agentPath(agentId, 'task'), body: jsonBody({ input, mode, timeoutMs }) };
}

/** @throws RpcFailure the event `failed` */
function taskEvent({ event, data }: Piece): object | undefined {
  if (event === 'failed') {
    const { message, metadata } = failureOfAnswer(500, {}, data);
    throw new RpcFailure(status.UNAVAILABLE, message, metadata);
  }
  const value = JSON.parse(data) as object;
  return event === 'started' || event === 'token' || event === 'completed' ? { [event]: value } : undefined;
}
