import { type FleetClient, normaliseModelName } from '@drover/fleet';

/** A model that at least one ready instance lists. */
export interface FleetModel {
  readonly name: string;
  readonly loaded: boolean;
  /** Answers a prompt with text; embedding models do not. */
  readonly chats: boolean;
}

/**
 * The model of an agent: the requested model, even if the fleet does not have it; else the model of its definition, if
 * the fleet offers it; else the default model of the fleet. Undefined while the fleet offers no model.
 */
export function resolveModel(
  requested: string | undefined,
  ofDefinition: string | undefined,
  offered: readonly FleetModel[],
): string | undefined {
  if (requested !== undefined && requested !== '') return requested;
  if (ofDefinition !== undefined) {
    const wanted = normaliseModelName(ofDefinition);
    if (offered.some((model) => normaliseModelName(model.name) === wanted)) return ofDefinition;
  }
  return defaultModel(offered);
}

/** The first loaded chat model by name, else the first chat model. The test model `sim-count` comes last. */
function defaultModel(offered: readonly FleetModel[]): string | undefined {
  const rank = (model: FleetModel): number => (isCounter(model.name) ? 2 : 0) + (model.loaded ? 0 : 1);
  const chatting = offered.filter((model) => model.chats);
  chatting.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return chatting[0]?.name;
}

/**
 * The models that the fleet offers now. Ollama's `capabilities` state whether a model can chat. If they are not known
 * within `timeoutMs`, the name of the model decides.
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
