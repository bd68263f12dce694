import type { Logger } from '@drover/actor-core';
import type { FollowedKeys } from '@drover/gateway/keys';
import { writeKeysFile } from './keys-file.ts';

/**
 * Writes all keys that this process knows to a file, now and after every change. Changes that arrive together are
 * written once.
 *
 * @returns the function that ends it, after a last write
 */
export function mirrorKeys({ ring }: Pick<FollowedKeys, 'ring'>, path: string, log: Logger): () => void {
  let isPlanned = false;
  const write = (): void => {
    isPlanned = false;
    try {
      writeKeysFile(path, ring.all());
    } catch (err) {
      log.warn({ err, path }, 'the keys could not be written to the data folder');
    }
  };
  const end = ring.onChange(() => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(write);
  });
  return () => {
    end();
    if (isPlanned) write();
  };
}
