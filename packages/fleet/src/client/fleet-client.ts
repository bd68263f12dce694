import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { LoadTable } from '../load/load-table.ts';
import type { ModelListing } from '../protocol/model-listing.ts';
import type { PassedHeaders } from '../protocol/passed-headers.ts';
import type { RequestPrincipal } from '../protocol/signed-principal.ts';
import type { InferenceRoute } from '../protocol/stream-open.ts';
import type { RequestDecisions } from './request-decisions.ts';

/**
 * Runs requests on the fleet: chooses an instance, opens the inner stream, tries other instances as long as nothing was
 * delivered, and delivers the lines. Each call is run by a fleet session, an actor. Made by `createFleetClient`.
 */
export interface FleetClient {
  readonly load: LoadTable;
  /**
   * Starts one request. All failures are reported through `head` or `lines`. Aborting `signal` cancels the request and
   * closes its connection to Ollama.
   *
   * @throws InvalidArgumentError `policy` is not the name of a policy
   */
  run(request: FleetRequest, signal: AbortSignal): FleetCall;
  /**
   * Model lists of all ready instances, cached by revision. Instances that do not answer in time are left out. With
   * `fresh` each Ollama is asked again which models are loaded; if it does not answer in time, its cached list is used.
   */
  describe(options?: {
    timeoutMs?: number;
    fresh?: boolean;
  }): Promise<readonly (ModelListing & { readonly node: string })[]>;
  /**
   * The routing decisions of a recent request of a tenant; undefined for an unknown request, or one that is no longer
   * recorded.
   *
   * @param tenant @default 'default'
   */
  why(requestId: string, tenant?: string): RequestDecisions | undefined;
  /**
   * Goes on with a request that was run with `keepMs` by another client, which has ended: its whole answer, from the
   * first line on. Undefined where no instance that answers has it. The request is sent to no other instance.
   */
  adopt(request: FleetRequest, signal: AbortSignal): Promise<FleetCall | undefined>;
  /** Calls running now. */
  readonly active: number;
  stop(): Promise<void>;
}

export interface FleetRequest {
  readonly requestId: string;
  /** @default 'default' */
  readonly tenant?: string;
  /** Whose request it is, for the signature. @default the cluster itself, in that tenant */
  readonly principal?: RequestPrincipal;
  /** W3C traceparent of the request; the node-agent and its Ollama get it. @default none */
  readonly trace?: string;
  /** @default 0 */
  readonly priority?: number;
  readonly route: InferenceRoute;
  /** As the client wrote it; without a tag, `:latest` is meant. */
  readonly model: string;
  /** Ollama-native JSON. */
  readonly body: Uint8Array;
  /** The only instance that may serve the request, e.g. for an unload. @default any instance */
  readonly instance?: { readonly node: string; readonly instance: string };
  /** Digest that the instance's copy of the model must have, with or without the prefix `sha256:`. @default any copy */
  readonly digest?: string;
  /** How an instance is chosen: one of `routingPolicyNames`, or a policy. @default the policy of the client */
  readonly policy?: string | RoutingPolicy;
  /**
   * Largest number of instances at which the request waits. 1: only the instance it was sent to. @default `maxPlaces`
   * of the client
   */
  readonly maxPlaces?: number;
  /** Longest duration of the whole request, milliseconds; 0 for no deadline. @default `requestTimeoutMs` */
  readonly timeoutMs?: number;
  /**
   * How long the instance goes on with the request, and keeps its answer, after this client has ended; it can be
   * adopted meanwhile. Such a request waits at one instance only. 0 for no time. @default 0
   */
  readonly keepMs?: number;
  /**
   * Whether another host may go on with the text of a stream that breaks, where that is sound. @default true
   */
  readonly mayContinue?: boolean;
  /**
   * The request goes on with an earlier one of the same id: its decisions are added to those of that one. It goes to
   * none of the instances that lost that one, each an `instanceKey`. @internal
   */
  readonly continues?: { readonly lostBy: readonly string[] };
  /** As in `StreamOpen`, for each attempt; 0 for none. @default 0 */
  readonly firstByteTimeoutMs?: number;
  /** As in `StreamOpen`; 0 for none. @default 0 */
  readonly interTokenTimeoutMs?: number;
}

/** Takes lines; returns a promise when the next lines must wait for it. */
export type TakeBatch = (lines: readonly string[]) => Promise<void> | undefined;

export interface FleetCall {
  /**
   * Resolves when the first byte of an answer has arrived. An error answer that may concern only the host (429, 5xx,
   * 404, a stream that begins with an error) resolves the promise only when no other instance served the request.
   *
   * @throws FleetError nothing was delivered; `code` is the reason, `retryAfterMs` the time until a retry makes sense
   */
  readonly head: Promise<FleetHead>;
  /**
   * The lines in order, each exactly once, in batches as they arrived. A caller that stops reading stops the credit,
   * but not Ollama. May be iterated once, after `head`.
   *
   * @throws FleetError the stream broke after `head`; all lines that arrived in order are yielded before the error is
   *   thrown
   */
  readonly lines: AsyncIterable<readonly string[]>;
  /**
   * Passes the same batches to `take`, without a promise for each batch: for one that handles every token. While the
   * promise that `take` returned has not settled, no batch follows. In place of `lines`, and once. When `take` throws,
   * the call is cancelled and the error is thrown here.
   *
   * @throws FleetError as `lines`
   */
  forEachBatch(take: TakeBatch): Promise<void>;
  /** The nodes that went on with the text after the serving host was lost, in order. Complete after the last line. */
  readonly continuedBy: readonly string[];
  cancel(reason: string): void;
}

export interface FleetHead {
  readonly status: number;
  readonly contentType: string;
  /** The headers of `passedHeaders` that the host sent. */
  readonly headers?: PassedHeaders | undefined;
  /** Time until a retry, if no host served the request and the host's answer has no `retry-after`. */
  readonly retryAfterMs?: number | undefined;
  readonly node: string;
  readonly instance: string;
  readonly simulated: boolean;
  /** Milliseconds from `run` until the request was inside Ollama, as far as the session knows. */
  readonly queuedMs: number;
}
