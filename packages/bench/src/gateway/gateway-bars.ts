import type { Figures } from '../figures.ts';
import { type Bar, bar, type Limit } from '../report.ts';
import type { ClientOutcome } from './workloads.ts';

export interface Measure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
}

/** The figures of one run of a workload. CPU times are microseconds a token or a request. */
export function measuresOf(
  workload: string,
  outcome: ClientOutcome,
  used: readonly { readonly name: string; readonly seconds: number }[],
): Measure[] {
  const units = outcome.kind === 'streams' ? outcome.tokens : outcome.answers;
  const measures = timesOf(workload, outcome);
  measures.push({ figure: `${workload} wrong`, value: outcome.wrong, unit: 'answers' });
  if (used.length === 0) return measures;
  const perUnit = (seconds: number): number => (seconds * 1e6) / Math.max(1, units);
  const total = used.reduce((sum, { seconds }) => sum + seconds, 0);
  measures.push({ figure: `${workload} CPU`, value: perUnit(total), unit: 'us' });
  for (const { name, seconds } of used)
    measures.push({ figure: `${workload} CPU ${name}`, value: perUnit(seconds), unit: 'us' });
  return measures;
}

function timesOf(workload: string, outcome: ClientOutcome): Measure[] {
  const ms = (name: string, value: number): Measure => ({ figure: `${workload} ${name}`, value, unit: 'ms' });
  if (outcome.kind === 'first-token') return [ms('p50', outcome.p50), ms('p99', outcome.p99)];
  if (outcome.kind === 'requests')
    return [{ figure: `${workload} rate`, value: outcome.perSecond, unit: '/s' }, ms('p95', outcome.p95)];
  return [
    ms('first token p50', outcome.firstTokenP50),
    ms('first token p99', outcome.firstTokenP99),
    ms('delay p50', outcome.delayP50),
    ms('delay p99', outcome.delayP99),
    ms('delay max', outcome.delayMax),
  ];
}

const ours = 'drover';
const threeHop = 'three-hop';
const gathering = 'three-hop-gather';

/** Ratios to another arm within one round. */
const ratioBars: readonly {
  readonly figure: string;
  readonly against: string;
  readonly limit: Limit;
  readonly aim?: number;
}[] = [
  { figure: 'first-token p50', against: threeHop, limit: { atMost: 1 } },
  { figure: 'first-token p99', against: threeHop, limit: { atMost: 2 } },
  { figure: 'chat-64 rate', against: gathering, limit: { atLeast: 0.65 }, aim: 0.85 },
  { figure: 'streams-64 CPU', against: gathering, limit: { atMost: 1.5 }, aim: 1.2 },
  { figure: 'streams-256 CPU', against: gathering, limit: { atMost: 1.5 }, aim: 1.2 },
  { figure: 'streams-1000 CPU', against: gathering, limit: { atMost: 1.5 }, aim: 1.2 },
];

const ownBars: readonly { readonly figure: string; readonly limit: Limit; readonly unit: string }[] = [
  { figure: 'version-64 rate', limit: { atLeast: 10_000 }, unit: '/s' },
  { figure: 'version-64 p95', limit: { atMost: 50 }, unit: 'ms' },
  { figure: 'streams-1000 wrong', limit: { atMost: 0 }, unit: 'streams' },
  { figure: 'streams-1000 delay max', limit: { atMost: 250 }, unit: 'ms' },
  { figure: 'streams-1000 first token p50', limit: { atMost: 20 }, unit: 'ms' },
  { figure: 'streams-1000 memory gateway-1', limit: { atMost: 400 }, unit: 'MB' },
];

export function judgeGateway(figures: Figures): Bar[] {
  const compared = ratioBars.flatMap(({ figure, against, limit, aim }) => {
    const value = figures.ratio(figure, ours, against);
    return value === undefined ? [] : [bar(`${figure}, ${ours} / ${against}`, value, limit, 'x', aim)];
  });
  const own = ownBars.flatMap(({ figure, limit, unit }) => {
    const values = figures.spread(figure, ours);
    return values === undefined ? [] : [bar(figure, values.median, limit, unit)];
  });
  return [...compared, ...own];
}
