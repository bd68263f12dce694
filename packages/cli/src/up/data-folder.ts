import { type DataLock, lockDataDir } from '../cluster/data-lock.ts';
import type { UpConfig } from '../config.ts';
import { CommandError, exitCodes } from '../errors.ts';

/**
 * Locks the data folder, or a free one beside it when the folder was not stated.
 *
 * @throws CommandError `data-in-use`, or `bad-configuration` for a folder that cannot be written
 */
export function takeDataDir(config: UpConfig, progress: (message: string) => void): DataLock {
  const chosen = attemptLock(config);
  if ('holderPid' in chosen) {
    throw new CommandError(
      'data-in-use',
      exitCodes.inUse,
      `the data folder ${config.data} is in use by another drover up (pid ${chosen.holderPid})`,
      { fix: 'stop that process, or name another folder with --data' },
    );
  }
  if (chosen.movedFrom !== undefined) {
    const { dataDir, pid } = chosen.movedFrom;
    progress(`${dataDir} is in use by pid ${pid}: using ${chosen.lock.dataDir}`);
  }
  return chosen.lock;
}

function attemptLock({ data, dataIsExplicit }: UpConfig): ReturnType<typeof lockDataDir> {
  try {
    return lockDataDir(data, { mayMove: !dataIsExplicit });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CommandError(
      'bad-configuration',
      exitCodes.usage,
      `--data ${data} cannot be written (${code})`,
      { fix: 'make this user the owner of the folder, or name another folder', cause: error },
    );
  }
}
