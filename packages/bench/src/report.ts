import { writeFileSync } from 'node:fs';
import type { HostFacts } from './host-facts.ts';
import { rounded, type Spread } from './statistics.ts';

/** One measured row, as the contract of `npm run bench -- … --json` promises it. */
export interface ArmRow extends Spread {
  readonly arm: string;
  readonly workload: string;
  readonly unit: string;
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly atMost: number;
  readonly unit: string;
  readonly met: boolean;
}

export interface BenchReport {
  readonly suite: string;
  readonly quick: boolean;
  readonly host: HostFacts;
  readonly arms: readonly ArmRow[];
  readonly ratios: readonly { readonly name: string; readonly value: number }[];
  readonly bars: readonly Bar[];
}

export function row(arm: string, workload: string, unit: string, values: Spread): ArmRow {
  return {
    arm,
    workload,
    unit,
    median: rounded(values.median),
    min: rounded(values.min),
    max: rounded(values.max),
    rounds: values.rounds,
  };
}

export function bar(name: string, value: number, atMost: number, unit: string): Bar {
  return { name, value: rounded(value), atMost, unit, met: value <= atMost };
}

/** For people, on stdout. */
export function formatReport(report: BenchReport): string {
  const lines = [
    `${report.suite}${report.quick ? ' (quick)' : ''}: ${report.host.cpu}, ${report.host.cores} cores, node ${report.host.node}, load ${report.host.loadBefore}, commit ${report.host.commit}`,
    '',
  ];
  const width = Math.max(...report.arms.map((entry) => entry.workload.length + entry.arm.length)) + 4;
  for (const entry of report.arms) {
    const name = `${entry.workload}  ${entry.arm}`.padEnd(width);
    lines.push(
      `${name} ${String(entry.median).padStart(10)} ${entry.unit}   (${entry.min} … ${entry.max}, ${entry.rounds} rounds)`,
    );
  }
  lines.push('');
  for (const entry of report.bars) {
    lines.push(
      `${entry.met ? 'met   ' : 'MISSED'} ${entry.name}: ${entry.value} ${entry.unit} (bar ${entry.atMost})`,
    );
  }
  return `${lines.join('\n')}\n`;
}

export function writeReport(report: BenchReport, file: string): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
