import type { Command } from 'commander';
import { findGateway, type GatewayAddress } from '../gateway-client/gateway-address.ts';
import { addSettingsNamed, settingsFor } from './options.ts';

/** The settings by which a command finds its gateway. */
export const lookSettings: readonly string[] = [
  'url',
  'key',
  'data',
  'config',
  'tls-ca',
  'tls-cert',
  'tls-key',
];

/** Adds the flags by which a command finds its gateway, and `--json`. */
export function looking(command: Command): Command {
  return addSettingsNamed(command, [...lookSettings, 'json']);
}

/** The gateway that the flags name, and whether JSON is wanted. */
export async function lookTarget(
  flags: object,
): Promise<{ readonly gateway: GatewayAddress; readonly isJson: boolean }> {
  const stated = await settingsFor('look', flags);
  return { gateway: findGateway(stated, process.env), isJson: stated.isOn('json') };
}

/** Prints the answer as it is, or as lines. */
export function print(isJson: boolean, answer: unknown, lines: () => readonly string[]): void {
  process.stdout.write(isJson ? `${JSON.stringify(answer)}\n` : `${lines().join('\n')}\n`);
}
