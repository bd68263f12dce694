import { isModel, modelKey, type OllamaTag } from '@drover/fleet';
import { aliasesOf, resolveName } from '../inference/resolve-name.ts';
import type { Principal } from '../keys/principal.ts';
import { isWildcard } from '../names/alias.ts';
import type { GatewayServices } from '../services.ts';
import { readListings } from './fleet-listing.ts';
import { mergeTags } from './merge-listings.ts';
import { visibleTo } from './visible-models.ts';

/**
 * The models of the fleet that the caller may use, and after them the aliases of a model that a host has, under the
 * names of the settings. Aliases with wildcards stand for names that nobody knows, so they are not listed.
 *
 * @throws RequestFailure 503 if no Ollama is ready or none answers in time
 */
export async function listModels(
  services: GatewayServices,
  caller: Principal,
): Promise<readonly OllamaTag[]> {
  const tags = visibleTo(caller, mergeTags(await readListings(services)));
  return [...tags, ...aliasTags(services, tags)];
}

/** The entry of the model that serves requests for `model`; undefined if there is none. @throws RequestFailure */
export function findModel(
  services: GatewayServices,
  models: readonly OllamaTag[],
  model: string,
): OllamaTag | undefined {
  const { targets } = resolveName(services, 'show', model);
  for (const { short } of targets) {
    const tag = models.find((entry) => isModel(entry.name, modelKey(short)));
    if (tag) return tag;
  }
  return undefined;
}

function aliasTags({ config }: GatewayServices, tags: readonly OllamaTag[]): readonly OllamaTag[] {
  return aliasesOf(config)
    .filter((alias) => !isWildcard(alias))
    .flatMap(({ pattern, targets }) => {
      if (tags.some(({ name }) => isModel(name, modelKey(pattern)))) return [];
      const tag = targets
        .map((target) => tags.find(({ name }) => isModel(name, modelKey(target))))
        .find((found) => found !== undefined);
      return tag === undefined ? [] : [aliasTag(pattern, tag)];
    });
}

/** Named as Ollama names a model that was made from another one. */
function aliasTag(name: string, tag: OllamaTag): OllamaTag {
  const { details } = tag as { readonly details?: object };
  return { ...tag, name, model: name, details: { ...details, parent_model: tag.name } };
}
