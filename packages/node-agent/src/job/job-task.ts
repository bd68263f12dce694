import type { ActorRef } from '@drover/actor-core';
import type { Presence, Transport } from '@drover/actor-core/cluster';
import type { FleetConfig, SessionMessage, StreamOpen } from '@drover/fleet';
import type { NodeAgentLimits } from '../config.ts';
import type { Ollama } from '../ollama/ollama.ts';
import type { Tracer } from '@drover/telemetry';
import type { RecentBytes } from '../silence/recent-bytes.ts';
import type { RunnerTable } from '../runner/runner-table.ts';
import type { JobReport } from './job-message.ts';

/** Inputs of a job. */
export interface JobTask {
  readonly open: StreamOpen;
  readonly replyTo: ActorRef<SessionMessage>;
  readonly instance: ActorRef<JobReport>;
  /** Queue position at the start of the job; 0 = a slot is free. */
  readonly position: number;
  readonly ollama: Ollama;
  readonly transport: Transport;
  readonly presence: Pick<Presence, 'member'>;
  readonly limits: NodeAgentLimits;
  readonly fleet: FleetConfig;
  readonly recent: RecentBytes;
  readonly runners: RunnerTable;
  /** W3C traceparent of the request, if it has one. */
  readonly trace: string | undefined;
  readonly tracer: Tracer;
}
