import type { InstanceEvidence, InstanceLoad } from '@drover/fleet';
import { evidence, modelLoad, scriptedFleet, type ScriptedFleet } from '@drover/fleet/testing';

/** A fleet of one host, `host-a`, that has `m:latest` loaded. */
export function oneHostFleet(): ScriptedFleet {
  return scriptedFleet([evidenceOf('host-a', { models: [modelLoad({ name: 'm:latest' })] })]);
}

/** Evidence of one idle instance, `ollama`, without models, except for the given facts. */
export function evidenceOf(
  node: string,
  { models = [], ...load }: Partial<InstanceLoad> = {},
): InstanceEvidence {
  return evidence({ node, ageMs: 40, models, load: { name: 'ollama', slots: 1, maxQueue: 64, ...load } });
}
