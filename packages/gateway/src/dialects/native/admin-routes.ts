import {
  chooseTargets,
  havingModel,
  leastBusy,
  namedHosts,
  targetOf,
  withUnderWay,
} from '../../admin/admin-target.ts';
import type { AdminRequest } from '../../admin/run-admin.ts';
import { RequestFailure } from '../../errors.ts';
import { goQuote } from '../../go-compat/go-text.ts';
import { readBody } from '../../http/body.ts';
import type { Route } from '../../http/route.ts';
import { permittedModels } from '../../keys/permitted-models.ts';
import type { Principal } from '../../keys/principal.ts';
import { parseModelName } from '../../model/model-name.ts';
import { markSimulated } from '../../model-listing/fleet-listing.ts';
import type { GatewayServices } from '../../services.ts';
import { answerEmpty, answerLastLine, answerLines } from './admin-answer.ts';
import { NativeFields } from './native-fields.ts';

type Hosts = ReturnType<typeof chooseTargets>;

interface AdminRoute {
  readonly method: string;
  readonly path: string;
  /** Go's name of the request, in error texts. */
  readonly struct: string;
  readonly streams: boolean;
  /** What is wanted, and at which of the hosts. */
  readonly read: (fields: NativeFields, hosts: Hosts) => AdminRequest;
}

/** Longest name of a model, in characters. */
const maxNameChars = 400;

const table: readonly AdminRoute[] = [
  { method: 'POST', path: '/api/pull', struct: 'PullRequest', streams: true, read: readPull },
  { method: 'POST', path: '/api/push', struct: 'PushRequest', streams: true, read: readPush },
  { method: 'POST', path: '/api/create', struct: 'CreateRequest', streams: true, read: readCreate },
  { method: 'POST', path: '/api/copy', struct: 'CopyRequest', streams: false, read: readCopy },
  { method: 'DELETE', path: '/api/delete', struct: 'DeleteRequest', streams: false, read: readDelete },
];

/** Ollama's routes that change models: durable jobs at all hosts, or at those that the request names. */
export function adminRoutes(services: GatewayServices): readonly Route[] {
  return table.map(({ method, path, struct, streams, read }) => ({
    methods: [method],
    path,
    right: 'operate',
    handler: async (exchange) => {
      const body = await readBody(exchange, services.bodies, { takesShort: true });
      const fields = new NativeFields(struct, body.toString('utf8'));
      const stream = fields.boolean('stream') ?? true;
      markSimulated(services, exchange);
      const named = namedHosts(exchange);
      const chosen = read(fields, chooseTargets(services, named));
      exchange.target = `model=${chosen.model}`;
      requirePermitted(exchange.principal, chosen);
      const wanted = named.length > 0 ? chosen : await withJobsUnderWay(services, chosen);
      if (!streams) await answerEmpty(services, exchange, wanted);
      else if (stream) await answerLines(services, exchange, wanted);
      else await answerLastLine(services, exchange, wanted);
    },
  }));
}

/** @throws RequestFailure 403 for a model that the key may not use, also one that another is made from */
function requirePermitted(principal: Principal, { model, request }: AdminRequest): void {
  for (const name of [model, request['source'], request['from']]) {
    const parsed = typeof name === 'string' ? parseModelName(name) : undefined;
    if (parsed?.kind === 'ok') permittedModels(principal, [parsed.name]);
  }
}

async function withJobsUnderWay({ adminJobs }: GatewayServices, wanted: AdminRequest): Promise<AdminRequest> {
  if (wanted.operation !== 'pull') return wanted;
  return { ...wanted, targets: withUnderWay(wanted.targets, await adminJobs.list(), wanted) };
}

function readPull(fields: NativeFields, hosts: Hosts): AdminRequest {
  const model = requireName(nameOf(fields));
  const request = { insecure: fields.boolean('insecure') ?? false };
  return { operation: 'pull', model, request, targets: hosts.map(targetOf) };
}

/** One host pushes: all have the same model, and a registry needs it once. */
function readPush(fields: NativeFields, hosts: Hosts): AdminRequest {
  const model = requireName(nameOf(fields));
  const request = { insecure: fields.boolean('insecure') ?? false };
  const having = requireHaving(hosts, model, `model '${model}' not found`);
  return { operation: 'push', model, request, targets: leastBusy(having).map(targetOf) };
}

/** Where a base model is named and some hosts have it, only they create. */
function readCreate(fields: NativeFields, hosts: Hosts): AdminRequest {
  const model = requireName(nameOf(fields));
  const base = fields.string('from');
  const having = base === '' ? [] : havingModel(hosts, base);
  const targets = (having.length > 0 ? having : hosts).map(targetOf);
  return { operation: 'create', model, request: fields.without('model', 'name', 'stream'), targets };
}

function readCopy(fields: NativeFields, hosts: Hosts): AdminRequest {
  const source = fields.string('source');
  const model = fields.string('destination');
  requireValid('source', source, `source ${goQuote(source)} is invalid`);
  requireValid('destination', model, `destination ${goQuote(model)} is invalid`);
  const having = requireHaving(hosts, source, `model ${goQuote(source)} not found`);
  return { operation: 'copy', model, request: { source }, targets: having.map(targetOf) };
}

function readDelete(fields: NativeFields, hosts: Hosts): AdminRequest {
  const model = nameOf(fields);
  requireValid('model', model, `name ${goQuote(model)} is invalid`);
  const having = requireHaving(hosts, model, `model '${model}' not found`);
  return { operation: 'delete', model, request: {}, targets: having.map(targetOf) };
}

function nameOf(fields: NativeFields): string {
  return fields.string('model') || fields.string('name');
}

/** The name as it was written: a registry's address may begin with `http://`. */
function requireName(text: string): string {
  const name = text.trim();
  if (parseModelName(name).kind === 'cloud')
    throw new RequestFailure(403, 'cloud-disabled', 'ollama cloud is disabled: remote model is unavailable');
  requireValid('model', name, 'invalid model name');
  return name;
}

function requireValid(field: string, name: string, message: string): void {
  if (parseModelName(name).kind !== 'ok' || name.length > maxNameChars)
    throw new RequestFailure(400, 'invalid-model-name', message, { field });
}

function requireHaving(hosts: Hosts, model: string, message: string): Hosts {
  const having = havingModel(hosts, model);
  if (having.length > 0) return having;
  throw new RequestFailure(404, 'model-not-found', message, { field: 'model' });
}
