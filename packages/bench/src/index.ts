export type { Arm, HostUnderTest, RunningArm } from './arm.ts';
export { cpuSeconds, residentBytes } from './cpu-usage.ts';
export { type HostFacts, hostFacts } from './host-facts.ts';
export { type BenchReport, formatReport } from './report.ts';
