import type { ConfigField } from './setting.ts';

const bothEnds = 'both ends of a stream must agree; it is part of the protocol';
const liveness = 'a liveness check of the inner stream; it has no effect on users and stays on';
const hostLiveness = 'finds an Ollama that is stuck; limits chosen by users are settings of the gateway';
const reservation = 'part of the offer of free slots; it bounds how long a slot stays reserved';
const leader = 'a rhythm of the leader of agents; every host must have the same';

/** Fields that cannot be set from outside, each with the reason. A test holds that every other field has a setting. */
export const internalFields: Readonly<Partial<Record<ConfigField, string>>> = Object.freeze({
  'fleet.replayBufferLines': 'goes with windowLines; the bytes are the bound a machine feels (replay-buffer)',
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
  'fleet.retryFloorPerSecond': 'a small floor for quiet times; goes with retryPercent (retry-percent)',
  'fleet.retryBurst': 'only the first moment of an outage meets it; goes with retryPercent (retry-percent)',
  'fleet.slowStartMs': 'only a host that comes back meets it; goes with ejectMs (eject-for)',
  'fleet.maxPlaces': 'bounds the messages of a waiting request; smaller fleets use one place at each host',
  'fleet.acceptTimeoutMs': liveness,
  'fleet.firstReportWaitMs': 'only the first seconds of a process meet it',
  'fleet.maxPartialUnits': 'follows from max-line and max-calls',
  'fleet.forgetNodeMs': 'only the memory of the load table depends on it',
  'fleet.staleEvidenceMs': liveness,
  'node-agent.bodyPartMs': bothEnds,
  'node-agent.silenceLookMs': hostLiveness,
  'node-agent.probeAfterJobMs': 'bridges the moment until Ollama shows what it has loaded',
  'node-agent.reportIntervalMs': 'the others judge the age of a report by this rhythm',
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
