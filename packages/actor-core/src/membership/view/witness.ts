import { pack, unpack } from 'msgpackr';
import type { Clock } from '../../clock.ts';
import { NoRespondersError, RequestTimeoutError } from '../../errors.ts';
import { anyToken, type Subjects } from '../../transport/subjects.ts';
import type { Transport, TransportMessage } from '../../transport/transport.ts';
import type { Presence } from '../presence.ts';
import type { Sighting } from './inquiry.ts';

/** What a witness works with. */
export interface WitnessOptions {
  readonly node: string;
  readonly transport: Transport;
  readonly subjects: Subjects;
  readonly presence: Pick<Presence, 'member'>;
  readonly clock: Clock;
}

/** Time for a ping to be answered. */
const pingMs = 400;
/** Pause between two pings to a node that NATS does not know, but that was heard lately. */
const secondPingMs = 250;
/** Most questions answered at the same time. */
const maxAtOnce = 16;
const sightings: ReadonlySet<unknown> = new Set<Sighting>(['there', 'gone', 'silent', 'unsure']);

/**
 * Finds out whether that incarnation of another node is there: by what presence knows, and by pings of its own, so that
 * a witness does not only repeat what the leader has spread.
 */
export async function seek(options: WitnessOptions, about: string, incarnation: number): Promise<Sighting> {
  const known = options.presence.member(about);
  if (known !== undefined && known.incarnation > incarnation) return 'gone';
  if (known?.incarnation === incarnation && known.state === 'left') return 'gone';
  const first = await ping(options, about);
  if (first !== 'gone') return first === 'silent' && known?.state === 'alive' ? 'unsure' : first;
  if (known?.state !== 'alive') return 'gone';
  // Perhaps it is just reconnecting.
  await new Promise<void>((resolve) => options.clock.setTimer(secondPingMs, resolve));
  return ping(options, about);
}

/** Answers the questions of control leaders until the returned function is called. */
export function answerSightings(options: WitnessOptions): () => void {
  const { node, transport, subjects } = options;
  let underWay = 0;
  const answer = async ({ payload, respond }: TransportMessage): Promise<void> => {
    const question = readQuestion(payload);
    if (question === undefined || respond === undefined || underWay >= maxAtOnce) return;
    underWay++;
    try {
      respond(encodeSighting(await seek(options, question.about, question.incarnation)));
    } finally {
      underWay--;
    }
  };
  const subscription = transport.subscribe(
    subjects.sighting(node, anyToken),
    (message) => void answer(message),
  );
  return () => subscription.unsubscribe();
}

/** The question `[1, about, incarnation]`, which only grows. */
export function encodeQuestion(about: string, incarnation: number): Uint8Array {
  return new Uint8Array(pack([1, about, incarnation]));
}

/** Undefined for a payload that is no answer. */
export function decodeSighting(payload: Uint8Array): Sighting | undefined {
  const fields = unpacked(payload);
  return fields?.[0] === 1 && sightings.has(fields[1]) ? (fields[1] as Sighting) : undefined;
}

function encodeSighting(sighting: Sighting): Uint8Array {
  return new Uint8Array(pack([1, sighting]));
}

function readQuestion(
  payload: Uint8Array,
): { readonly about: string; readonly incarnation: number } | undefined {
  const [version, about, incarnation] = unpacked(payload) ?? [];
  if (version !== 1 || typeof about !== 'string' || !Number.isSafeInteger(incarnation)) return undefined;
  return { about, incarnation: incarnation as number };
}

function unpacked(payload: Uint8Array): readonly unknown[] | undefined {
  try {
    const value: unknown = unpack(payload);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function ping({ node, transport, subjects }: WitnessOptions, about: string): Promise<Sighting> {
  try {
    await transport.request(subjects.inbox(about, 'ping', node), new Uint8Array(0), { timeoutMs: pingMs });
    return 'there';
  } catch (error) {
    if (error instanceof NoRespondersError) return 'gone';
    return error instanceof RequestTimeoutError ? 'silent' : 'unsure';
  }
}
