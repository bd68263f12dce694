import type { ConfigField } from './setting.ts';

const bothEnds = 'both ends of a stream must agree; it is part of the protocol';
const liveness = 'a liveness check of the inner stream; it has no effect on users and stays on';
const hostLiveness = 'finds an Ollama that is stuck; the limits for users are settings of the gateway';
const reservation = 'part of the offer of free slots; it bounds how long a slot stays reserved';
const leader = 'an interval of the leader of agents; every agent host must have the same';

/** Configuration fields without a setting, each with the reason. A test checks that every other field has a setting. */
export const internalFields: Readonly<Partial<Record<ConfigField, string>>> = Object.freeze({
  'fleet.replayBufferLines':
    'depends on windowLines; the limit in bytes is what protects the memory (replay-buffer)',
  'fleet.chunkBytes': bothEnds,
  'fleet.beatIntervalMs': bothEnds,
  'fleet.receiverSilenceMs': bothEnds,
  'fleet.windowLines': bothEnds,
  'fleet.grantIntervalMs': bothEnds,
  'fleet.senderSilenceMs': liveness,
  'fleet.reconnectSilenceMs': liveness,
  'fleet.resumeDebounceMs': bothEnds,
  'fleet.resumeRepeatMs': bothEnds,
  'fleet.maxResumes': bothEnds,
  'fleet.ownStallMs': liveness,
  'fleet.retryFloorPerSecond':
    'a small minimum for times with few requests; goes with retryPercent (retry-percent)',
  'fleet.retryBurst': 'matters only in the first moment of an outage; goes with retryPercent (retry-percent)',
  'fleet.slowStartMs': 'matters only for a host that comes back; goes with ejectMs (eject-for)',
  'fleet.maxPlaces': 'bounds the messages of a waiting request; smaller fleets use one place at each host',
  'fleet.acceptTimeoutMs': liveness,
  'fleet.firstReportWaitMs': 'matters only in the first seconds of a process',
  'fleet.maxPartialUnits': 'follows from max-line and max-calls',
  'fleet.forgetNodeMs': 'only the memory of the load table depends on it',
  'fleet.staleEvidenceMs': liveness,
  'node-agent.bodyPartMs': bothEnds,
  'node-agent.silenceLookMs': hostLiveness,
  'node-agent.probeAfterJobMs': 'covers the moment until Ollama lists the model that it has loaded',
  'node-agent.reportIntervalMs': 'other nodes judge the age of a report by this interval',
  'node-agent.offerMs': reservation,
  'node-agent.reservationMs': reservation,
  'agents.askTimeoutMs': leader,
  'agents.tickMs': leader,
  'agents.surveyMs': leader,
  'agents.activationTimeoutMs': leader,
  'agents.activationBackoffMaxMs': leader,
  'agents.activationAttempts': leader,
  'agents.unknownHostGraceMs': leader,
  'agents.probeMs': leader,
  'agents.silenceMs': leader,
  'agents.reportDebounceMs': leader,
});
