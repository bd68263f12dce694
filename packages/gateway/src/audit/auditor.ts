import type { Clock } from '@drover/actor-core';
import { RequestFailure } from '../errors.ts';
import { parseAccessKey } from '../keys/access-key.ts';
import { presentedKey } from '../keys/door.ts';
import type { Principal } from '../keys/principal.ts';
import type { Right } from '../keys/rights.ts';
import type { AuditChain } from './audit-chain.ts';
import { type AuditEvent, auditText } from './audit-record.ts';
import { DenialBudget } from './denial-budget.ts';

/** What is recorded. `acts`: denials and acts · `requests`: allowed requests to models and data too. */
export type AuditMode = 'acts' | 'requests';

/** A request as its record needs it. */
export interface AuditedExchange {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly clientAddress: string;
  /** Undefined until the caller is known. */
  readonly caller: Principal | undefined;
  /** What the request is about, where its route knows more than its path tells. */
  readonly target: string | undefined;
  /** Status of the answer, and the code of an error answer. */
  readonly status: number;
  readonly failureCode: string | undefined;
  readonly isStarted: boolean;
  readonly closed: Promise<void>;
  /** Asked before a whole answer is sent. A promise holds the answer; its failure is sent instead. */
  hold: Hold | undefined;
  header(name: string): string | undefined;
}

export type Hold = (status: number) => Promise<RequestFailure | undefined> | undefined;

/** The route of a request. */
export interface AuditedRoute {
  readonly right: Right;
  readonly path: string;
}

type Params = Readonly<Record<string, string>>;

/** `route` is undefined for a path without one. */
interface Audited {
  readonly exchange: AuditedExchange;
  readonly route: AuditedRoute | undefined;
  readonly params: Params;
}

const actRights: ReadonlySet<Right> = new Set(['operate', 'administer']);
const dataRights: ReadonlySet<Right> = new Set(['infer', 'data']);
/** Proofs change nothing that lasts, and are asked for when the store is ill: they do not wait for it. */
const proofs = '/api/v1/proofs/';
const manyMs = 1_000;
const retryAfterMs = 1_000;

/** Decides what of a request is recorded, and when. */
export class Auditor {
  readonly #chain: AuditChain;
  readonly #mode: AuditMode;
  readonly #denials: Denials;

  constructor(chain: AuditChain, mode: AuditMode, clock: Clock) {
    this.#chain = chain;
    this.#mode = mode;
    this.#denials = new Denials(chain, clock);
  }

  /**
   * Records what becomes of the request. Call it before the caller is known.
   *
   * @returns a function to call once the caller is let in. Its promise must be awaited before an act begins; it rejects
   *   with a RequestFailure 503 where the act cannot be recorded.
   */
  follow(
    exchange: AuditedExchange,
    route: AuditedRoute | undefined,
    params: Params = {},
  ): () => Promise<void> | undefined {
    const trail = new Trail({ exchange, route, params }, this.#chain, this.#denials);
    exchange.hold = (status) => trail.hold(status);
    return () => {
      if (route === undefined) return undefined;
      const isProof = route.path.startsWith(proofs);
      if (actRights.has(route.right) && !isProof) return trail.begin();
      if (isProof || (this.#mode === 'requests' && dataRights.has(route.right))) void trail.recordAtEnd();
      return undefined;
    };
  }
}

/** The records of one request. */
class Trail {
  readonly #request: Audited;
  readonly #chain: AuditChain;
  readonly #denials: Denials;
  #isBegun = false;
  #isRecorded = false;

  constructor(request: Audited, chain: AuditChain, denials: Denials) {
    this.#request = request;
    this.#chain = chain;
    this.#denials = denials;
  }

  /** As `Hold`. */
  hold(status: number): Promise<RequestFailure | undefined> | undefined {
    if (this.#isRecorded) return undefined;
    if (status === 401 || status === 403) return this.#deny(status);
    return this.#isBegun ? this.#end(status) : undefined;
  }

  /** The record that an act begins. @throws RequestFailure 503 */
  async begin(): Promise<void> {
    const event: AuditEvent = { ...eventOf('act', this.#request), phase: 'begin' };
    if (!(await this.#chain.write(event))) throw unavailable();
    this.#isBegun = true;
    void this.#endWithClient();
  }

  /** A data request is recorded when its answer is over. */
  async recordAtEnd(): Promise<void> {
    await this.#request.exchange.closed;
    if (!this.#isRecorded) this.#chain.append(this.#outcome('request', statusOf(this.#request.exchange)));
  }

  async #deny(status: number): Promise<RequestFailure | undefined> {
    this.#isRecorded = true;
    const { exchange } = this.#request;
    const event: AuditEvent = {
      ...this.#outcome('denied', status),
      claimedKey: exchange.caller === undefined ? claimedKeyOf(exchange) : undefined,
    };
    return (await this.#denials.write(event)) ? undefined : unavailable();
  }

  /** The act is done: its answer is not changed where this record has to wait for the store. */
  async #end(status: number): Promise<undefined> {
    this.#isRecorded = true;
    await this.#chain.write({ ...this.#outcome('act', status), phase: 'end' });
  }

  /** For an answer that is a stream, or that the client did not wait for. */
  async #endWithClient(): Promise<void> {
    const { exchange } = this.#request;
    await exchange.closed;
    if (this.#isRecorded) return;
    this.#isRecorded = true;
    const event: AuditEvent = { ...this.#outcome('act', statusOf(exchange)), phase: 'end' };
    this.#chain.append(event, { isUrgent: true });
  }

  #outcome(kind: AuditEvent['kind'], status: number): AuditEvent {
    const code = status < 400 ? undefined : this.#request.exchange.failureCode;
    return { ...eventOf(kind, this.#request), status, code };
  }
}

/** Writes denials: each by itself while there are few, many together otherwise. */
class Denials {
  readonly #chain: AuditChain;
  readonly #clock: Clock;
  readonly #budget: DenialBudget;
  #many: { count: number; readonly written: Promise<boolean> } | undefined;

  constructor(chain: AuditChain, clock: Clock) {
    this.#chain = chain;
    this.#clock = clock;
    this.#budget = new DenialBudget(clock.now());
  }

  /** False where it could not be written. */
  write(event: AuditEvent): Promise<boolean> {
    if (this.#budget.take(this.#clock.now())) return this.#chain.write(event);
    this.#many ??= { count: 0, written: this.#writeMany() };
    this.#many.count++;
    return this.#many.written;
  }

  async #writeMany(): Promise<boolean> {
    await new Promise<void>((resolve) => this.#clock.setTimer(manyMs, resolve));
    const count = this.#many?.count ?? 0;
    this.#many = undefined;
    return this.#chain.write({ kind: 'denied', code: 'many', count });
  }
}

function eventOf(kind: AuditEvent['kind'], { exchange, route, params }: Audited): AuditEvent {
  const { caller } = exchange;
  const target = exchange.target ?? targetOf(params);
  return {
    kind,
    request: auditText(exchange.requestId),
    key: caller?.keyId,
    tenant: caller?.tenant,
    roles: caller?.roles,
    address: exchange.clientAddress,
    right: route?.right,
    method: auditText(exchange.method),
    route: route?.path ?? auditText(exchange.path),
    target: target === undefined ? undefined : auditText(target),
  };
}

function targetOf(params: Params): string | undefined {
  const named = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return named.length === 0 ? undefined : named.join(' ');
}

/** 0 where the client left before the answer began. */
function statusOf({ isStarted, status }: AuditedExchange): number {
  return isStarted ? status : 0;
}

function claimedKeyOf(exchange: AuditedExchange): string | undefined {
  const text = presentedKey(exchange.header('authorization'), exchange.header('x-api-key'));
  return text === undefined ? undefined : parseAccessKey(text)?.id;
}

function unavailable(): RequestFailure {
  const message =
    'this cannot be recorded in the audit log at present, so it is not done: the store does not take the record';
  return new RequestFailure(503, 'audit-unavailable', message, { retryAfterMs });
}
