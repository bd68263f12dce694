/**
 * The testkit: `import … from '@drover/actor-core/testing'`. Needs no test framework.
 *
 * @module testing
 */
export { seededRandom } from './random/seeded-random.ts';
export type { LogFault, LogFaults, LogOperation } from './storage/log/log-fault.ts';
export { MemoryLog, MemoryLogs, type MemoryLogsOptions } from './storage/log/memory-log.ts';
export { MemoryConsumers, MemoryLeases } from './storage/work-queue/memory-consumers.ts';
export { ManualClock } from './testing/manual-clock.ts';
export type { FaultKind, FaultRates } from './testing/fault-rates.ts';
export { type Fault, type FaultSchedule, scheduleFaults } from './testing/fault-schedule.ts';
export { findNatsServer } from './testing/find-nats-server.ts';
export { freePort } from './testing/free-port.ts';
export { type NatsServer, type NatsServerOptions, startNatsServer } from './testing/nats-server.ts';
export { NodeExecution } from './testing/node-execution.ts';
export { advance, settle } from './testing/settle.ts';
export type { SimulatedNode } from './testing/simulated-node.ts';
export { SimulatedScheduler } from './testing/simulated-scheduler.ts';
export { Simulation, type SimulationOptions } from './testing/simulation.ts';
export {
  createTestHub,
  createTestNode,
  type TestHub,
  type TestHubOptions,
  type TestNode,
  type TestNodeOptions,
} from './testing/test-node.ts';
export {
  type Delivery,
  MemoryHub,
  type MemoryHubOptions,
  MemoryTransport,
  type Passage,
} from './transport/memory-transport.ts';
export {
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateOptions,
} from './testing/certificates.ts';
export { waitUntil } from './testing/wait-until.ts';
export { ExpectationFailedError, type Match } from './testing/expectation.ts';
export { createProbe, type FishingOutcome, type Probe } from './testing/probe.ts';
export {
  expectDeadLetters,
  expectEvent,
  type LogLine,
  recordEvents,
  type Recorder,
  recordLog,
  type Times,
} from './testing/recorder.ts';
export type { TestTime, Within } from './testing/test-time.ts';
export type { BehaviourEffect } from './testing/behaviour-effect.ts';
export { type BehaviourKit, runBehaviour } from './testing/behaviour-kit.ts';
