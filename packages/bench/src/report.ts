import { writeFileSync } from 'node:fs';
import type { HostFacts } from './host-facts.ts';
import { rounded, type Spread } from './statistics.ts';

/** One measured row of `npm run bench -- … --json`, whose fields are part of the contract. */
export interface ArmRow extends Spread {
  readonly arm: string;
  readonly workload: string;
  readonly unit: string;
  /** The rate per second of wall clock time, for a row that counts CPU time. */
  readonly wallMedian?: number;
}

/** Limit of a bar. */
export type Limit = { readonly atMost: number } | { readonly atLeast: number };

export type Bar = Limit & {
  readonly name: string;
  readonly value: number;
  /** A stricter value that is wanted. */
  readonly aim?: number;
  readonly unit: string;
  readonly met: boolean;
};

export interface BenchReport {
  readonly suite: string;
  readonly quick: boolean;
  readonly host: HostFacts;
  /** What was measured and how, and what was not measured, one line each. */
  readonly notes?: readonly string[];
  readonly arms: readonly ArmRow[];
  readonly ratios: readonly { readonly name: string; readonly value: number }[];
  readonly bars: readonly Bar[];
}

export function row(arm: string, workload: string, unit: string, values: Spread): ArmRow {
  return {
    arm,
    workload,
    unit,
    median: significant(values.median),
    min: significant(values.min),
    max: significant(values.max),
    rounds: values.rounds,
  };
}

export function bar(name: string, value: number, limit: Limit, unit: string, aim?: number): Bar {
  const met = 'atMost' in limit ? value <= limit.atMost : value >= limit.atLeast;
  return { name, value: rounded(value), ...limit, ...(aim === undefined ? {} : { aim }), unit, met };
}

/** Three decimals for small figures, none for large ones. */
function significant(value: number): number {
  return rounded(value, Math.abs(value) >= 1000 ? 0 : 3);
}

/** The report as text. */
export function formatReport(report: BenchReport): string {
  const lines = [
    `${report.suite}${report.quick ? ' (quick)' : ''}: ${report.host.cpu}, ${report.host.cores} cores, node ${report.host.node}, load ${report.host.loadBefore}, commit ${report.host.commit}`,
    ...(report.notes ?? []),
    '',
  ];
  const width = Math.max(...report.arms.map((entry) => entry.workload.length + entry.arm.length)) + 4;
  for (const entry of report.arms) {
    const name = `${entry.workload}  ${entry.arm}`.padEnd(width);
    const wall = entry.wallMedian === undefined ? '' : `   ${readable(entry.wallMedian)}/s by the clock`;
    lines.push(
      `${name} ${readable(entry.median).padStart(12)} ${entry.unit}   (${readable(entry.min)} … ${readable(entry.max)}, ${entry.rounds} rounds)${wall}`,
    );
  }
  lines.push('');
  for (const entry of report.bars) lines.push(formatBar(entry));
  return `${lines.join('\n')}\n`;
}

function formatBar(entry: Bar): string {
  const limit = 'atMost' in entry ? `at most ${entry.atMost}` : `at least ${entry.atLeast}`;
  const aim = entry.aim === undefined ? '' : `, aim ${entry.aim}`;
  return `${entry.met ? 'met   ' : 'MISSED'} ${entry.name}: ${entry.value} ${entry.unit} (bar ${limit}${aim})`;
}

function readable(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

export function writeReport(report: BenchReport, file: string): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
