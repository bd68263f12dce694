import { type InferenceRoute, isModel, modelKey } from '@drover/fleet';
import type { GatewayConfig } from '../config.ts';
import { type ModelName, parseModelName } from '../model/model-name.ts';
import { requireModel } from '../model/required-model.ts';
import { type Alias, readAlias, readTargets } from '../names/alias.ts';
import { resolveModel } from '../names/resolve-model.ts';
import type { GatewayServices } from '../services.ts';

/** The models that may serve one request. */
export interface ResolvedName {
  /** Tried in this order; at least one. */
  readonly targets: readonly [ModelName, ...ModelName[]];
  /** True: the client wrote another name, so the request needs the name of the model that serves it. */
  readonly isMapped: boolean;
}

/**
 * The models for the name in a request: those of an alias or of the default that the fleet lists, or the model of that
 * name itself.
 *
 * @throws RequestFailure with the status and text that Ollama gives on this route for a name that is not valid
 */
export function resolveName(services: GatewayServices, route: InferenceRoute, model: string): ResolvedName {
  const mapped = mappedNames(services, model);
  if (mapped === undefined) return { targets: [requireModel(route, model)], isMapped: false };
  const [first, ...others] = mapped.map((target) => requireModel(route, target));
  // An alias has at least one target.
  return { targets: [first ?? requireModel(route, model), ...others], isMapped: true };
}

/** The aliases of the settings, parsed. */
export function aliasesOf({ aliases }: Pick<GatewayConfig, 'aliases'>): readonly Alias[] {
  let read = parsed.get(aliases);
  if (read === undefined) {
    read = aliases.map((text) => readAlias('aliases', text));
    parsed.set(aliases, read);
  }
  return read;
}

const parsed = new WeakMap<readonly string[], readonly Alias[]>();

function mappedNames({ config, fleet }: GatewayServices, model: string): readonly string[] | undefined {
  const defaults = config.unknownModel === 'map' ? readTargets('defaultModel', config.defaultModel) : [];
  const aliases = aliasesOf(config);
  if (aliases.length === 0 && defaults.length === 0) return undefined;
  // Models of a host that is away for a moment are known too: they come back.
  const known = fleet.load.instances().flatMap(({ load }) => load.models);
  const isKnown = (name: string): boolean => {
    const parsedName = parseModelName(name);
    // Before the first report of a host nothing is known, so nothing is unknown.
    if (parsedName.kind !== 'ok' || known.length === 0) return parsedName.kind === 'ok';
    const key = modelKey(parsedName.name.short);
    return known.some(({ name: listed }) => isModel(listed, key));
  };
  const targets = resolveModel(model, { aliases, defaults }, isKnown);
  if (targets === undefined) return undefined;
  const served = fleet.load.modelNames();
  const listed = targets.filter((target) => served.some((name) => isModel(name, modelKey(target))));
  return listed.length > 0 ? listed : targets;
}
