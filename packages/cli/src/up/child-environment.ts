import { supervisedVariable } from '../process/parent-watch.ts';
import { settings } from '../settings/table.ts';

/** Variables of other programs that Drover reads; their values are passed on as settings. */
const foreignVariables: ReadonlySet<string> = new Set(
  settings.flatMap(({ foreign }) => (foreign === undefined ? [] : [foreign.name])),
);

/**
 * The environment of a role process: that of this process without the variables of Drover, Ollama and NATS, and with
 * the variables of the role. Secrets are passed here and never on the command line, which every user can read.
 */
export function childEnvironment(
  environment: NodeJS.ProcessEnv,
  added: Readonly<Record<string, string | undefined>>,
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !name.startsWith('DROVER_') && !foreignVariables.has(name),
  );
  const given = Object.entries(added).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(kept), ...Object.fromEntries(given), [supervisedVariable]: '1' };
}
