import type { BenchForm } from '../suite.ts';

/** Work of the client, in the form in which it gets it as arguments. */
export type GatewayWorkload =
  /** Requests at a fixed rate, of three tokens each, which come at once. */
  | {
      readonly kind: 'first-token';
      readonly name: string;
      readonly perSecond: number;
      readonly seconds: Sizes;
    }
  /** Whole answers of one token as fast as they come. */
  | { readonly kind: 'chat'; readonly name: string; readonly inFlight: number; readonly seconds: Sizes }
  /** A route that needs no host, as fast as the answers come. */
  | { readonly kind: 'version'; readonly name: string; readonly inFlight: number; readonly seconds: Sizes }
  /** Streams of one token each 50 ms, started within two seconds. */
  | { readonly kind: 'streams'; readonly name: string; readonly streams: Sizes; readonly tokens: Sizes };

type Sizes = Readonly<Record<BenchForm, number>>;

const seconds: Sizes = { full: 6, quick: 2, check: 0.5 };
/** 20 tokens a second: a minute in full. */
const tokens: Sizes = { full: 1_200, quick: 80, check: 12 };

export const tokenIntervalMs = 50;

export const gatewayWorkloads: readonly GatewayWorkload[] = [
  { kind: 'first-token', name: 'first-token', perSecond: 50, seconds },
  { kind: 'chat', name: 'chat-64', inFlight: 64, seconds },
  { kind: 'version', name: 'version-64', inFlight: 64, seconds },
  { kind: 'streams', name: 'streams-64', streams: { full: 64, quick: 64, check: 16 }, tokens },
  { kind: 'streams', name: 'streams-256', streams: { full: 256, quick: 256, check: 32 }, tokens },
  { kind: 'streams', name: 'streams-1000', streams: { full: 1_000, quick: 1_000, check: 100 }, tokens },
];

/** What the client measured. Times in milliseconds. */
export type ClientOutcome =
  | ({ readonly kind: 'first-token'; readonly answers: number; readonly wrong: number } & Percentiles)
  | {
      readonly kind: 'requests';
      readonly answers: number;
      readonly wrong: number;
      readonly perSecond: number;
      readonly p95: number;
    }
  | {
      readonly kind: 'streams';
      readonly whole: number;
      readonly wrong: number;
      readonly problems: readonly string[];
      readonly tokens: number;
      readonly firstTokenP50: number;
      readonly firstTokenP99: number;
      /** Time from the host's write of a token to its arrival at the client. */
      readonly delayP50: number;
      readonly delayP99: number;
      readonly delayMax: number;
    };

interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}
