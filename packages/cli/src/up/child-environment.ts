import { supervisedVariable } from '../process/parent-watch.ts';

/**
 * The environment of a role process: this one's without whatever steers Drover, Ollama or NATS from outside, and
 * with what the role needs. Secrets travel here, never on the command line, which every user can read.
 */
export function childEnvironment(
  environment: NodeJS.ProcessEnv,
  added: Readonly<Record<string, string | undefined>>,
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !name.startsWith('DROVER_') && name !== 'NATS_URL' && name !== 'OLLAMA_HOST',
  );
  const given = Object.entries(added).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(kept), ...Object.fromEntries(given), [supervisedVariable]: '1' };
}
