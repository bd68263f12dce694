import { type FleetClient, normaliseModelName } from '@drover/fleet';

/** A model that some ready instance lists. */
export interface FleetModel {
  readonly name: string;
  readonly loaded: boolean;
  /** Says text to text; embedding models do not. */
  readonly chats: boolean;
}

/**
 * Which model an agent runs: what its request names, whether the fleet has it or not; else what its entry names,
 * if the fleet has it; else the fleet's default. Undefined while the fleet offers nothing.
 */
export function resolveModel(
  requested: string | undefined,
  ofEntry: string | undefined,
  offered: readonly FleetModel[],
): string | undefined {
  if (requested !== undefined && requested !== '') return requested;
  if (ofEntry !== undefined) {
    const wanted = normaliseModelName(ofEntry);
    if (offered.some((model) => normaliseModelName(model.name) === wanted)) return ofEntry;
  }
  return defaultModel(offered);
}

/** The first loaded model that chats, by name; else the first that chats. The counting fixture comes last. */
function defaultModel(offered: readonly FleetModel[]): string | undefined {
  const rank = (model: FleetModel): number => (isCounter(model.name) ? 2 : 0) + (model.loaded ? 0 : 1);
  const chatting = offered.filter((model) => model.chats);
  chatting.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return chatting[0]?.name;
}

/**
 * What the fleet offers now. Whether a model chats is what Ollama says of it (`capabilities`); where that is not
 * known within `timeoutMs`, what its name says.
 */
export async function offeredModels(fleet: FleetClient, timeoutMs: number): Promise<FleetModel[]> {
  const models = new Map<string, FleetModel>();
  for (const { alive, load } of fleet.load.instances()) {
    if (!alive || load.state !== 'ready') continue;
    for (const { name, loaded } of load.models) {
      const known = models.get(name);
      models.set(name, { name, loaded: loaded || known?.loaded === true, chats: chatsByName(name) });
    }
  }
  if (models.size === 0) return [];
  for (const { tags } of await fleet.describe({ timeoutMs })) {
    for (const tag of tags) {
      const known = models.get(tag.name);
      if (known && Array.isArray(tag.capabilities)) {
        models.set(tag.name, { ...known, chats: tag.capabilities.includes('completion') });
      }
    }
  }
  return [...models.values()];
}

function chatsByName(name: string): boolean {
  return !/embed|minilm|(^|[/_-])(bge|e5|gte)[-_:]/i.test(name);
}

function isCounter(name: string): boolean {
  return /^sim-count(:|$)/.test(name);
}
