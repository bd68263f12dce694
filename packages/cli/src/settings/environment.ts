import { badConfiguration } from '../errors.ts';
import { mayComeFrom, variableOf } from './setting.ts';
import { nearestKey } from './suggestion.ts';
import { settingOfVariable } from './table.ts';

/** Variables that are not settings: Drover's processes use them among themselves, or tests and benchmarks use them. */
const otherVariables: readonly string[] = [
  'DROVER_SUPERVISED',
  'DROVER_ERLANG',
  'DROVER_FIGURES',
  'DROVER_GOLDEN',
  'DROVER_PARTS',
  'DROVER_PROOF',
  'DROVER_SEED',
  'DROVER_SEEDS',
];

/** Variables that Kubernetes and Docker set in the containers beside a service with the name `drover`. */
const serviceLinks =
  /^DROVER_(?:[A-Z0-9_]*_)?(?:SERVICE_(?:HOST|PORT)(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP)(?:_(?:PROTO|PORT|ADDR))?)$/;

/** True for a variable of a service link. `DROVER_PORT=tcp://10.0.0.7:11500` is one too, and not the setting `port`. */
export function isServiceLink(name: string, value: string): boolean {
  return serviceLinks.test(name) || (name === 'DROVER_PORT' && /^(?:tcp|udp):\/\//.test(value));
}

/** @throws CommandError `bad-configuration` for a variable that begins with DROVER_ and is not a setting */
export function refuseUnknownVariables(environment: NodeJS.ProcessEnv): void {
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!name.startsWith('DROVER_') || otherVariables.includes(name) || isServiceLink(name, value)) continue;
    const setting = settingOfVariable(name);
    if (setting !== undefined && mayComeFrom(setting, 'variable')) continue;
    const meant = nearestKey(name.slice('DROVER_'.length));
    const hint = meant === undefined ? '' : ` (did you mean ${variableOf({ key: meant })}?)`;
    throw badConfiguration(name, `is no setting of drover${hint}`);
  }
}
