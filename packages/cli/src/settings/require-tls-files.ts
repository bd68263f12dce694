import { materialOf, readTlsFiles } from '@drover/gateway/tls';
import { type PackageConfigs, problemOfField } from './package-configs.ts';
import type { StatedSettings } from './resolve-settings.ts';

/**
 * Reads the TLS files of the gateway, before anything starts.
 *
 * @throws CommandError `bad-configuration` naming the setting of a file that cannot be read or does not fit
 */
export async function requireTlsFiles(
  stated: StatedSettings,
  { gateway: { tlsCert = '', tlsKey = '', tlsCa = '' } }: Pick<PackageConfigs, 'gateway'>,
): Promise<void> {
  if (tlsCert === '') return;
  const paths = { tlsCert, tlsKey, tlsCa };
  try {
    materialOf(await readTlsFiles(paths), paths, Date.now());
  } catch (error) {
    throw problemOfField(stated, 'gateway', error);
  }
}
