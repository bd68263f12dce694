/**
 * What depends on the operating system. This table, `proc.ts`, `process-signals.ts` and `folders.ts` are the only files
 * of the package that ask for it. Drover is developed and tested on Linux; the columns for macOS and Windows were never
 * run.
 *
 * | subject                         | Linux                      | macOS                 | Windows                     |
 * |---------------------------------|----------------------------|-----------------------|-----------------------------|
 * | identity of a process           | pid and start time         | pid                   | pid                         |
 * | watch on npm                    | all processes up to npm    | the parent process    | none                        |
 * | program over its time limit     | killed with its helpers    | killed with helpers   | killed without its helpers  |
 * | SIGTERM to a child process      | orderly stop               | orderly stop          | abrupt end                  |
 * | closing terminal after `nohup`  | the fleet stays            | the fleet stops       | the fleet stops             |
 * | permissions of the data folder  | checked                    | checked               | not checked                 |
 * | limit of open files             | checked                    | not checked           | not checked                 |
 * | nats-server is fetched from     | Debian, else its release   | its release           | nowhere: install it by hand |
 * | data and cache folders          | XDG variables, else home   | as on Linux           | as on Linux                 |
 * | service                         | units for systemd          | none                  | none                        |
 */
export interface Platform {
  /** `/proc` shows the start time, parent, command line and terminal of each process. */
  readonly hasProc: boolean;
  /** One signal can end a whole process group. */
  readonly hasProcessGroups: boolean;
  /** A program that npm starts can be told from npm and its shells by looking at the parent processes. */
  readonly hasParentProcesses: boolean;
  /** The mode of a file says which users may read it. */
  readonly hasFileModes: boolean;
  /** End of the file name of a program. */
  readonly programSuffix: '' | '.exe';
  /** Terminals show UTF-8, whatever the locale is. */
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
