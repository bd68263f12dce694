import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { InvalidArgumentError } from '@drover/actor-core';

/** Paths of the files, named like the settings of the gateway. */
export interface TlsPaths {
  /** Certificate and its chain, PEM. */
  readonly tlsCert: string;
  /** Private key of the certificate, PEM, without a passphrase. */
  readonly tlsKey: string;
  /** Authorities that sign the certificates of clients, PEM; '' where clients show none. */
  readonly tlsCa: string;
}

/** Contents of the files. */
export type TlsFiles = TlsPaths;

/** Files that fit each other. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Authorities for the certificates of clients; none where clients show none. */
  readonly ca: readonly string[];
  /** The first certificate of the chain. */
  readonly leaf: X509Certificate;
  readonly expiresAtMs: number;
}

/** Lowest version of TLS that is spoken. */
const minTlsVersion = 'TLSv1.2';

/** Largest file that is read: a bundle of all public authorities is a quarter of it. */
const maxFileBytes = 1024 * 1024;
const fields = ['tlsCert', 'tlsKey', 'tlsCa'] as const;
const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws InvalidArgumentError naming the field of a file that cannot be read */
export async function readTlsFiles(paths: TlsPaths): Promise<TlsFiles> {
  const [tlsCert = '', tlsKey = '', tlsCa = ''] = await Promise.all(
    fields.map(async (field) => (paths[field] === '' ? '' : readText(field, paths[field]))),
  );
  return { tlsCert, tlsKey, tlsCa };
}

/**
 * Checks that the files fit each other. Pure.
 *
 * @throws InvalidArgumentError naming the field: no PEM, a key of another certificate, not valid now
 */
export function materialOf(files: TlsFiles, paths: TlsPaths, nowMs: number): TlsMaterial {
  const leaf = certificateIn('tlsCert', files.tlsCert, paths.tlsCert);
  const key = privateKeyIn(files.tlsKey, paths.tlsKey);
  if (!leaf.checkPrivateKey(key))
    throw new InvalidArgumentError(
      'tlsKey',
      `is not the key of the certificate: ${paths.tlsKey} does not belong to ${paths.tlsCert}`,
    );
  requireValid('tlsCert', leaf, paths.tlsCert, nowMs);
  const ca = paths.tlsCa === '' ? [] : authoritiesIn(files.tlsCa, paths.tlsCa, nowMs);
  const material = {
    cert: files.tlsCert,
    key: files.tlsKey,
    ca,
    leaf,
    expiresAtMs: Date.parse(leaf.validTo),
  };
  try {
    createSecureContext(contextOf(material));
  } catch (error) {
    const reason = (error as Error).message;
    throw new InvalidArgumentError('tlsCert', `cannot be used for TLS: ${paths.tlsCert} (${reason})`);
  }
  return material;
}

/** The options of a TLS server that come from the files. */
export function contextOf({ cert, key, ca }: Pick<TlsMaterial, 'cert' | 'key' | 'ca'>): {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string[];
  readonly minVersion: typeof minTlsVersion;
  readonly sessionIdContext: string;
} {
  return {
    cert,
    key,
    ...(ca.length > 0 && { ca: [...ca] }),
    minVersion: minTlsVersion,
    // OpenSSL resumes no session with a client certificate without it.
    sessionIdContext: 'drover',
  };
}

/** The PEM blocks of all certificates in a text. */
function certificatesIn(text: string): readonly string[] {
  return text.match(certificatePattern) ?? [];
}

async function readText(field: string, path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > maxFileBytes) throw new Error(`it has ${size} bytes`);
    return await file.readFile('utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InvalidArgumentError(field, `cannot be read: ${path} (${code ?? message})`);
  }
}

function certificateIn(field: string, text: string, path: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new InvalidArgumentError(field, `holds no certificate in PEM: ${path}`);
  }
}

function privateKeyIn(text: string, path: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const isLocked = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE';
    throw new InvalidArgumentError(
      'tlsKey',
      isLocked ? `has a passphrase: store ${path} without one` : `holds no private key in PEM: ${path}`,
    );
  }
}

/** An authority that is not valid now is left out; one at least must be. */
function authoritiesIn(text: string, path: string, nowMs: number): readonly string[] {
  const blocks = certificatesIn(text);
  if (blocks.length === 0) throw new InvalidArgumentError('tlsCa', `holds no certificate in PEM: ${path}`);
  const all = blocks.map((block) => ({ block, certificate: certificateIn('tlsCa', block, path) }));
  const valid = all.filter(({ certificate }) => isValid(certificate, nowMs));
  if (valid.length === 0 && all[0] !== undefined) requireValid('tlsCa', all[0].certificate, path, nowMs);
  return valid.map(({ block }) => block);
}

function requireValid(field: string, certificate: X509Certificate, path: string, nowMs: number): void {
  if (isValid(certificate, nowMs)) return;
  const problem =
    Date.parse(certificate.validTo) <= nowMs
      ? `has expired on ${certificate.validTo}`
      : `is not valid before ${certificate.validFrom}`;
  throw new InvalidArgumentError(field, `${problem}: ${path}`);
}

function isValid({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs < Date.parse(validTo);
}
