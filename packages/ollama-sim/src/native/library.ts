import { ClientGoneError, OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { JSON_PLAIN, NDJSON, sendNativeError } from '../http/reply.ts';
import { defineModel, type SimModel } from '../model/model.ts';
import { fullName, isValidName } from '../model/model-name.ts';
import { asObject, MISSING_BODY, text } from './native-request.ts';
import type { Services } from '../services.ts';
import { MODEL_FIELDS } from '../wire/fields.ts';
import { decodeGoJson } from '../wire/go-json.ts';
import { checkStruct } from '../wire/go-struct.ts';
import { goJson } from '../wire/go-text.ts';

type Body = Readonly<Record<string, unknown>>;
type Line = (line: object) => void;

/** POST /api/pull */
export async function pull(exchange: Exchange, services: Services): Promise<void> {
  const request = await readOrRefuse(exchange, 'PullRequest');
  if (!request) return;
  const name = nameOf(request);
  if (!isValidName(name)) return sendNativeError(exchange, new OllamaError(400, 'invalid model name'), false);
  await progress(exchange, request, (line) => services.puller.pull(name, exchange.signal, line));
}

/**
 * POST /api/push: to a registry that has no layer yet. The order of the lines is read in the source, no exchange was
 * recorded.
 */
export async function push(exchange: Exchange, services: Services): Promise<void> {
  const request = await readOrRefuse(exchange, 'PushRequest');
  if (!request) return;
  const name = nameOf(request);
  const model = services.modelStore.find(name);
  if (!model) return sendNativeError(exchange, new OllamaError(404, `model '${name}' not found`), false);
  await progress(exchange, request, (line) => {
    line({ status: 'retrieving manifest' });
    if (!services.config.network)
      return Promise.reject(new OllamaError(500, `Get "https://${fullName(name)}": network is unreachable`));
    const total = model.sizeBytes;
    const status = `pushing ${model.blob.slice(0, 12)}`;
    line({ status, digest: `sha256:${model.blob}`, total, completed: total });
    line({ status: 'pushing manifest' });
    line({ status: 'success' });
    return Promise.resolve();
  });
}

/**
 * POST /api/create: a new name for existing weights, with another system prompt, template and parameters, or a model
 * out of an uploaded file.
 */
export async function create(exchange: Exchange, services: Services): Promise<void> {
  const request = await readOrRefuse(exchange, 'CreateRequest');
  if (!request) return;
  const [digest] = Object.values(asObject(request['files'])).map(text);
  const base =
    digest === undefined
      ? services.modelStore.find(text(request['from']))
      : uploaded(digest, nameOf(request), services);
  if (!base) {
    const asked =
      request['from'] === undefined && digest === undefined
        ? "neither 'from' or 'files' was specified"
        : 'file does not exist';
    return sendNativeError(exchange, new OllamaError(400, asked), false);
  }
  await progress(exchange, request, (line) => {
    if (digest !== undefined) line({ status: 'parsing GGUF' });
    line({ status: `using existing layer sha256:${base.blob}` });
    services.modelStore.put(derived(base, request, services));
    line({ status: 'writing manifest' });
    line({ status: 'success' });
    return Promise.resolve();
  });
}

/** POST /api/copy: another name for the same weights, which has the same runner. */
export async function copy(exchange: Exchange, services: Services): Promise<void> {
  const request = await readOrRefuse(exchange, 'CopyRequest');
  if (!request) return;
  const source = text(request['source']);
  const model = services.modelStore.find(source);
  if (!model) return sendNativeError(exchange, new OllamaError(404, `model "${source}" not found`), false);
  const modifiedAtMs = services.config.clock.wallMs();
  services.modelStore.put({ ...model, name: fullName(text(request['destination'])), modifiedAtMs });
  exchange.send(200, null, '');
}

/** DELETE /api/delete: a loaded runner stays until it expires. */
export async function remove(exchange: Exchange, services: Services): Promise<void> {
  const request = await readOrRefuse(exchange, 'DeleteRequest');
  if (!request) return;
  const name = nameOf(request);
  if (services.modelStore.remove(name)) exchange.send(200, null, '');
  else sendNativeError(exchange, new OllamaError(404, `model '${name}' not found`), false);
}

async function readOrRefuse(exchange: Exchange, struct: string): Promise<Body | null> {
  try {
    return checkStruct(decodeGoJson(await exchange.body(), MISSING_BODY), struct, MODEL_FIELDS);
  } catch (error) {
    if (!(error instanceof OllamaError)) throw error;
    sendNativeError(exchange, error, false);
    return null;
  }
}

/** Sends each status line, or only the last one. An error after the first line is a line too. */
async function progress(
  exchange: Exchange,
  request: Body,
  run: (line: Line) => Promise<void>,
): Promise<void> {
  const stream = request['stream'] !== false;
  let last: object = {};
  const line: Line = (status) => {
    last = status;
    if (!stream) return;
    exchange.begin(200, NDJSON);
    exchange.chunk(`${goJson(status)}\n`);
  };
  try {
    await run(line);
    if (stream) exchange.end();
    else exchange.send(200, JSON_PLAIN, goJson(last));
  } catch (error) {
    if (error instanceof ClientGoneError) return;
    if (!(error instanceof OllamaError)) throw error;
    if (!stream) return exchange.send(error.status, JSON_PLAIN, goJson({ error: error.message }));
    line({ error: error.message });
    exchange.end();
  }
}

/** A model whose weights are an uploaded blob. */
function uploaded(digest: string, name: string, { disk }: Services): SimModel | undefined {
  return disk.state.blobs.includes(digest)
    ? defineModel({ name, blob: digest.slice('sha256:'.length) })
    : undefined;
}

function derived(base: SimModel, request: Body, services: Services): SimModel {
  return defineModel({
    ...base,
    name: nameOf(request),
    system: text(request['system']) || base.system,
    template: text(request['template']) || base.template,
    parameters: { ...base.parameters, ...asObject(request['parameters']) },
    modifiedAtMs: services.config.clock.wallMs(),
  });
}

function nameOf(request: Body): string {
  return text(request['model']) || text(request['name']);
}
