import { chooseTargets, namedHosts, targetOf } from '../../admin/admin-target.ts';
import { askBlobs, type HostBlobAnswer, uploadBlob } from '../../admin/blob-upload.ts';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Reply } from '../../http/reply.ts';
import type { Route } from '../../http/route.ts';
import { streamBody } from '../../http/stream-body.ts';
import type { GatewayServices } from '../../services.ts';
import { nativeError } from './native-error.ts';

const digestPattern = /^sha256[:-][0-9a-fA-F]{64}$/;
/** Files of models have no limit of their own. */
const maxBlobBytes: number = Number.MAX_SAFE_INTEGER;

/**
 * Ollama's routes for the files that a model is created from. A file is there when every host has it; an upload goes to
 * the hosts that lack it, and ends with its client.
 */
export function blobRoutes(services: GatewayServices): readonly Route[] {
  const path = '/api/blobs/{digest}';
  return [
    {
      methods: ['HEAD'],
      path,
      right: 'operate',
      handler: (exchange, { digest = '' }) => head(services, exchange, digest),
    },
    {
      methods: ['POST'],
      path,
      right: 'operate',
      handler: (exchange, { digest = '' }) => upload(services, exchange, digest),
    },
  ];
}

async function head(services: GatewayServices, exchange: Exchange, digest: string): Promise<void> {
  if (!digestPattern.test(digest)) return exchange.reply(empty(400));
  const answers = await askBlobs(services, digest, targetsOf(services, exchange));
  exchange.reply(empty(answers.every(hasIt) ? 200 : 404));
}

async function upload(services: GatewayServices, exchange: Exchange, digest: string): Promise<void> {
  if (!digestPattern.test(digest))
    throw new RequestFailure(400, 'invalid-input', 'invalid digest format', { field: 'digest' });
  const answers = await askBlobs(services, digest, targetsOf(services, exchange));
  const lacking = answers.filter((answer) => !hasIt(answer)).map(({ target }) => target);
  if (lacking.length === 0) return exchange.reply(empty(200));
  const file = streamBody(exchange, services.bodies, maxBlobBytes);
  const uploaded = await uploadBlob(services, digest, lacking, file);
  exchange.reply(replyTo(uploaded));
}

function targetsOf(services: GatewayServices, exchange: Exchange): ReturnType<typeof targetOf>[] {
  return chooseTargets(services, namedHosts(exchange)).map(targetOf);
}

function hasIt({ status }: HostBlobAnswer): boolean {
  return status === 200;
}

function replyTo(answers: readonly HostBlobAnswer[]): Reply {
  const refused = answers.filter(({ status }) => status !== 200 && status !== 201);
  const [first] = refused;
  if (first === undefined) return empty(answers.some(({ status }) => status === 201) ? 201 : 200);
  if (refused.length === answers.length && refused.every((one) => textOf(one) === textOf(first)))
    return nativeError(first.status, textOf(first));
  const listed = refused.map((one) => `${one.target.node}: ${textOf(one)}`).join('; ');
  return nativeError(502, `${refused.length} of ${answers.length} hosts failed: ${listed}`);
}

function textOf({ error, status }: HostBlobAnswer): string {
  return error ?? `Ollama answered status ${status}`;
}

function empty(status: number): Reply {
  return { status, contentType: '', body: '' };
}
