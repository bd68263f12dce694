import type { X509Certificate } from 'node:crypto';

/** A certificate that a client has shown, and that an authority of `--tls-ca` has signed. */
export interface ClientCertificate {
  /** Id or name of the key that it stands for. */
  readonly name: string;
}

const alternativePattern = /^(?:URI|DNS|email):([^"]+)$/;

/**
 * What a certificate stands for: the common name of its subject; without one, the first URI, DNS name or mail address
 * of its alternative names. Undefined where it names nothing.
 */
export function clientCertificateOf(certificate: X509Certificate): ClientCertificate | undefined {
  const name = commonNameOf(certificate) ?? alternativeNameOf(certificate);
  return name === undefined || name === '' ? undefined : { name };
}

/** A subject with two common names names nothing: programs disagree about which of them counts. */
function commonNameOf({ subject }: X509Certificate): string | undefined {
  const names = (subject ?? '').split('\n').filter((line) => line.startsWith('CN='));
  return names.length > 1 ? '' : names[0]?.slice('CN='.length);
}

function alternativeNameOf({ subjectAltName }: X509Certificate): string | undefined {
  const entries = (subjectAltName ?? '').split(', ');
  return entries.map((entry) => alternativePattern.exec(entry)?.[1]).find((name) => name !== undefined);
}
