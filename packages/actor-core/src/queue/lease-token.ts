import type { Lease } from '../storage/work-queue/work-queue.ts';
import { isSignatureOf, signatureOf } from './signature.ts';

/** What a lease token is bound to: nobody can use it for another tenant, queue or message. */
export interface LeaseSubject {
  readonly tenant: string;
  readonly queue: string;
  readonly id: string;
}

/**
 * The lease as a text that a client keeps and gives back. It is signed with the secret of the cluster, so that it can
 * be neither guessed nor changed, and every node can settle it.
 */
export function leaseToken(secret: string, subject: LeaseSubject, lease: Lease): string {
  const content = Buffer.from(JSON.stringify([lease.expiresAtMs, lease.attempt, lease.token]));
  const text = content.toString('base64url');
  return `${text}.${signatureOf(secret, signed(subject, text))}`;
}

/** The lease of a token; undefined for a token that was not made with this secret for this message. */
export function readLeaseToken(secret: string, subject: LeaseSubject, token: string): Lease | undefined {
  const [text = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || !isSignatureOf(secret, signed(subject, text), signature)) return undefined;
  const content = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [number, number, string];
  const [expiresAtMs, attempt, own] = content;
  return { id: subject.id, attempt, token: own, expiresAtMs };
}

function signed({ tenant, queue, id }: LeaseSubject, text: string): string {
  return JSON.stringify([tenant, queue, id, text]);
}
