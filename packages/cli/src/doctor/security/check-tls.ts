import type { X509Certificate } from 'node:crypto';
import { connect, type ConnectionOptions } from 'node:tls';
import { printable } from '../../output/figures.ts';
import { bad, type Check, good } from '../check.ts';

const timeoutMs = 3_000;
const dayMs = 24 * 3_600_000;
/** Days before the end of a certificate from which it is a fault. */
const warnDays = 30;
/** Least bits of keys that are equally hard to break (NIST SP 800-57, 112 bits). */
const leastBits: Readonly<Record<string, number>> = { rsa: 2_048, 'rsa-pss': 2_048, dsa: 2_048 };
const weakCurves: ReadonlySet<string> = new Set(['prime192v1', 'secp192k1', 'secp160r1', 'secp112r1']);

/** DER of the algorithms whose signatures can be forged: MD5 and SHA-1. */
const weakSignatures: readonly (readonly [name: string, der: string])[] = [
  ['MD5', '06092a864886f70d010104'],
  ['SHA-1', '06092a864886f70d010105'],
  ['SHA-1', '06072a8648ce3d0401'],
];

export interface TlsFacts {
  readonly isOpen: boolean;
  readonly isHttps: boolean;
  readonly certificate?: CertificateFacts | undefined;
  /** Whether the gateway speaks TLS 1.0 or 1.1. */
  readonly speaksOld?: boolean;
}

export interface CertificateFacts {
  readonly subject: string;
  readonly expiresAtMs: number;
  /** Weaknesses of the key and the signature, as clauses. */
  readonly weak: readonly string[];
}

/** Shakes hands with the gateway, as today's clients do and as those of the nineties did. */
export async function checkTls(url: string, isOpen: boolean): Promise<readonly Check[]> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'https:') return judgeTls({ isOpen, isHttps: false }, Date.now());
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const place = { host, port: port === '' ? 443 : Number(port), rejectUnauthorized: false };
  const [certificate, old] = await Promise.all([
    shakeHands(place),
    shakeHands({ ...place, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  ]);
  const found = certificate && certificateFacts(certificate);
  return judgeTls({ isOpen, isHttps: true, certificate: found, speaksOld: old !== undefined }, Date.now());
}

/** Pure. */
export function judgeTls(
  { isOpen, isHttps, certificate, speaksOld = false }: TlsFacts,
  nowMs: number,
): readonly Check[] {
  if (!isHttps)
    return isOpen
      ? [
          bad(
            'tls',
            'other machines reach the gateway over plain HTTP: keys and prompts can be read on the way',
          ),
        ]
      : [good('tls', 'plain HTTP, which does not leave this machine')];
  if (certificate === undefined) return [bad('tls', 'the gateway shows no certificate', newCertificate)];
  const { expiresAtMs, weak } = certificate;
  const subject = printable(certificate.subject);
  const days = Math.floor((expiresAtMs - nowMs) / dayMs);
  const faults = [
    ...weak.map((what) => bad('tls', `the certificate ${subject} has ${what}`, newCertificate)),
    ...(days < warnDays
      ? [bad('tls', `the certificate ${subject} ends in ${days} days`, newCertificate)]
      : []),
    ...(speaksOld
      ? [bad('tls', 'the gateway speaks TLS 1.0 or 1.1', 'run this version of Drover there')]
      : []),
  ];
  if (faults.length > 0) return faults;
  return [good('tls', `TLS 1.2 or newer, certificate ${subject} for ${days} more days`)];
}

const newCertificate =
  'put another certificate and its key into the files of --tls-cert and --tls-key: the gateway takes them up by itself';

export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const { publicKey, raw, subject, validTo } = certificate;
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details = {} } = publicKey;
  const { modulusLength: bits, namedCurve: curve = '' } = details;
  const der = raw.toString('hex');
  const signature = weakSignatures.find(([, oid]) => der.includes(oid));
  const weak = [
    ...(bits !== undefined && bits < (leastBits[type] ?? 0) ? [`a key of only ${bits} bits`] : []),
    ...(weakCurves.has(curve) ? [`a key on the weak curve ${curve}`] : []),
    ...(signature === undefined ? [] : [`a signature with ${signature[0]}`]),
  ];
  return { subject, expiresAtMs: Date.parse(validTo), weak };
}

/** The certificate of a server; undefined where there is no handshake. */
function shakeHands(options: ConnectionOptions): Promise<X509Certificate | undefined> {
  return new Promise((resolve) => {
    const end = (certificate?: X509Certificate): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(certificate);
    };
    const socket = connect(options, () => end(socket.getPeerX509Certificate()));
    const timer = setTimeout(() => end(), timeoutMs);
    socket.on('error', () => end());
    socket.on('close', () => end());
  });
}
