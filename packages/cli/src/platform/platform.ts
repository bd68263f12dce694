/**
 * Properties that depend on the operating system. Only the files of this folder read the name of the system; the README
 * of the package has the effects as a table. Drover is developed and tested on Linux; the rows for macOS and Windows
 * have never been tested.
 */
export interface Platform {
  /** `/proc` shows the start time, parent, command line and terminal of each process. */
  readonly hasProc: boolean;
  /** One signal can end a whole process group. */
  readonly hasProcessGroups: boolean;
  /** The parent processes of a program show whether npm has started it. */
  readonly hasParentProcesses: boolean;
  /** The mode of a file decides which users may read it. */
  readonly hasFileModes: boolean;
  /** End of the file name of a program. */
  readonly programSuffix: '' | '.exe';
  /** True if terminals show UTF-8 with every locale. */
  readonly hasUtf8Terminals: boolean;
  /** Name of the system in the releases of nats-server; undefined where no archive is unpacked by `tar`. */
  readonly natsRelease: 'linux' | 'darwin' | undefined;
}

const unix: Platform = {
  hasProc: false,
  hasProcessGroups: true,
  hasParentProcesses: true,
  hasFileModes: true,
  programSuffix: '',
  hasUtf8Terminals: false,
  natsRelease: undefined,
};

/** The row of a system by its name in `process.platform`; an unknown system counts as Unix without `/proc`. */
export function platformOf(name: string): Platform {
  switch (name) {
    case 'linux':
      return { ...unix, hasProc: true, natsRelease: 'linux' };
    case 'darwin':
      return { ...unix, natsRelease: 'darwin' };
    case 'win32':
      return {
        ...unix,
        hasProcessGroups: false,
        hasParentProcesses: false,
        hasFileModes: false,
        programSuffix: '.exe',
        hasUtf8Terminals: true,
      };
    default:
      return unix;
  }
}

export const platform: Platform = Object.freeze(platformOf(process.platform));
