import type { InstanceLoad, ModelLoad } from '../protocol/load-report.ts';
import type { InstanceEvidence } from '../load/load-table.ts';

type PartialModel = Partial<ModelLoad> & { readonly name: string };

export interface EvidenceFacts extends Partial<Omit<InstanceEvidence, 'load'>> {
  readonly load?: Partial<Omit<InstanceLoad, 'models'>>;
  readonly models?: readonly PartialModel[];
}

/** Evidence of an idle instance that has `m:latest` loaded, except for the given facts. */
export function evidence({ load, models, ...facts }: EvidenceFacts = {}): InstanceEvidence {
  return {
    node: 'host-1',
    nodeIncarnation: 1,
    alive: true,
    suspect: false,
    ageMs: 0,
    pending: 0,
    ...facts,
    load: instanceLoad({ ...load, models: (models ?? [{ name: 'm:latest' }]).map(modelLoad) }),
  };
}

export function instanceLoad(load: Partial<InstanceLoad> = {}): InstanceLoad {
  return {
    name: 'ollama-1',
    url: 'http://127.0.0.1:11434',
    simulated: false,
    version: '0.31.0',
    state: 'ready',
    slots: 2,
    busy: 0,
    queued: 0,
    maxQueue: 4,
    catalogueRevision: 1,
    models: [modelLoad({ name: 'm:latest' })],
    ...load,
  };
}

export function modelLoad(model: PartialModel): ModelLoad {
  return { digest: 'd', loaded: true, sizeBytes: 1, vramBytes: 1, busy: 0, queued: 0, ...model };
}
