import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { Agent, RequestInit as UndiciInit } from 'undici';
import { badConfiguration } from '../errors.ts';

/** How a command makes secure connections to a gateway. */
export interface ClientTls {
  /** Authorities that are accepted beside those of the system. */
  readonly caFile?: string | undefined;
  /** The certificate that the command shows, and its key. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /**
   * The gateway of a `drover up` on this machine, whose address stands in its data folder: its certificate is not
   * checked. It need not be made for this address, and may have expired, which the doctor has to be able to tell.
   */
  readonly isOwnGateway?: boolean;
}

interface Files {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** The agent of the last call, and the files that it was made of: they may change while `drover up` runs. */
let last: { readonly agent: Agent; readonly of: string } | undefined;

/**
 * As `fetch`, over TLS for an https address. Only then undici is loaded: the fetch of Node takes no certificates.
 *
 * @throws CommandError `bad-configuration` for a file that cannot be read
 */
export async function fetchGateway(url: string, init: RequestInit, tls: ClientTls = {}): Promise<Response> {
  if (!url.startsWith('https:')) return fetch(url, init);
  const undici = await import('undici');
  const files: Files = {
    ca: read('--tls-ca', tls.caFile),
    cert: read('--tls-cert', tls.certFile, tls),
    key: read('--tls-key', tls.keyFile, tls),
  };
  const of = JSON.stringify([files, tls.isOwnGateway]);
  // While the files of the own gateway do not fit each other, it serves the last ones that did.
  if (last?.of !== of && (last === undefined || tls.isOwnGateway !== true || fits(files))) {
    void last?.agent.close();
    last = { agent: new undici.Agent({ connect: connectOptions(files, tls) }), of };
  }
  const options = { ...init, dispatcher: last.agent } as UndiciInit;
  return undici.fetch(url, options);
}

function connectOptions({ ca, cert, key }: Files, { isOwnGateway = false }: ClientTls): object {
  const shown = { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
  if (isOwnGateway) return { ...(fits({ ca, cert, key }) && shown), rejectUnauthorized: false };
  // Reading those of the system takes long, so they are read where no others were named.
  const known = ca === undefined ? getCACertificates('system') : [ca];
  return { ...shown, ca: [...getCACertificates('default'), ...known] };
}

function fits({ cert, key }: Files): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}

function read(
  flag: string,
  path: string | undefined,
  { isOwnGateway = false }: ClientTls = {},
): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // The certificate of the own gateway is shown where it can be.
    if (isOwnGateway) return undefined;
    throw badConfiguration(flag, `cannot be read: ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
}

const unknownAuthority: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

/** What a failed connection to an https address means; undefined where TLS has no part in it. */
export function tlsProblemOf(url: string, code: string): string | undefined {
  if (!url.startsWith('https:')) return undefined;
  if (unknownAuthority.has(code))
    return 'this machine does not know the authority that signed its certificate: name it with --tls-ca';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return 'it does not speak TLS: use http://';
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE')
    return 'it closed the connection: if it asks for certificates of clients, name one with --tls-cert and --tls-key';
  return undefined;
}
