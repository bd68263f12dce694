import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

// oxlint-disable no-restricted-globals -- certificates hold dates, and programs compare them with the real clock.

/** A certificate with its private key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a test certificate says. */
export interface TestCertificateOptions {
  /** @default none: the subject is empty */
  readonly commonName?: string;
  /** DNS names and IPv4 addresses; a text with a colon is a URI, one with an @ a mail address. @default [] */
  readonly names?: readonly string[];
  /** What it may be used for. @default 'server' */
  readonly usage?: 'server' | 'client';
  /** @default an hour ago */
  readonly validFrom?: Date;
  /** @default in 90 days */
  readonly validTo?: Date;
}

/** An authority that signs certificates for tests. */
export interface TestAuthority {
  /** Its own certificate, PEM. */
  readonly cert: string;
  /** Makes a certificate with a new key. */
  issue(options?: TestCertificateOptions): TestCertificate;
}

const hourMs = 3_600_000;
const defaultDays = 90;

/** Makes an authority. Node signs no certificates, so they are encoded here (RFC 5280, in DER). */
export function createTestAuthority(commonName = 'test authority'): TestAuthority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = sequence(oid('2.5.29.19'), boolean(true), octets(sequence(boolean(true))));
  const own = { commonName, extensions: [isAuthority], publicKey };
  return {
    cert: encode({ ...own, issuerName: commonName, issuerKey: privateKey }),
    issue: ({ commonName: subject, names = [], usage = 'server', validFrom, validTo } = {}) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const purpose = usage === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
      const extensions = [sequence(oid('2.5.29.37'), octets(sequence(oid(purpose))))];
      if (names.length > 0)
        extensions.push(sequence(oid('2.5.29.17'), octets(sequence(...names.map(generalName)))));
      return {
        cert: encode({
          commonName: subject,
          extensions,
          publicKey: pair.publicKey,
          issuerName: commonName,
          issuerKey: privateKey,
          validFrom,
          validTo,
        }),
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
    },
  };
}

interface CertificateParts {
  readonly commonName: string | undefined;
  readonly extensions: readonly Buffer[];
  readonly publicKey: KeyObject;
  readonly issuerName: string;
  readonly issuerKey: KeyObject;
  readonly validFrom?: Date | undefined;
  readonly validTo?: Date | undefined;
}

function encode(parts: CertificateParts): string {
  const { commonName, extensions, publicKey, issuerName, issuerKey } = parts;
  const nowMs = Date.now();
  const { validFrom = new Date(nowMs - hourMs), validTo = new Date(nowMs + defaultDays * 24 * hourMs) } =
    parts;
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const content = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    nameOf(issuerName),
    sequence(time(validFrom), time(validTo)),
    nameOf(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = tagged(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, issuerKey)]));
  const text = sequence(content, algorithm, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${text.replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string | undefined): Buffer {
  if (commonName === undefined) return sequence();
  return sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(commonName)))));
}

function generalName(name: string): Buffer {
  if (isIPv4(name)) return tagged(0x87, Buffer.from(name.split('.').map(Number)));
  const tag = name.includes('@') ? 0x81 : name.includes(':') ? 0x86 : 0x82;
  return tagged(tag, Buffer.from(name));
}

function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  // Before 2050 the year has two digits.
  return at.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
