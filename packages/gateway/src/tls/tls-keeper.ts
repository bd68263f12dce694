import type { Clock, Logger, Timer } from '@drover/actor-core';
import { materialOf, readTlsFiles, type TlsFiles, type TlsMaterial, type TlsPaths } from './tls-files.ts';

/** Time between two looks at the files. A look reads them: links, network disks and copied times hide changes. */
const lookMs = 1_000;

/** What the doctor needs to know. */
export interface TlsStatus {
  readonly subject: string;
  readonly expiresAt: string;
  /** Why the files as they are now are not served; absent where they are. */
  readonly problem?: string;
}

/** The setting of a field, as users write it. */
const flags: Readonly<Record<string, string>> = {
  tlsCert: '--tls-cert',
  tlsKey: '--tls-key',
  tlsCa: '--tls-ca',
};

interface KeeperOptions {
  readonly paths: TlsPaths;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps the certificate that is served. When the files change to a set that fits, new connections get the new one;
 * otherwise the old one stays, and the problem is logged and in the status.
 */
export class TlsKeeper {
  readonly #options: KeeperOptions;
  readonly #listeners: ((material: TlsMaterial) => void)[] = [];
  #material: TlsMaterial;
  #files: TlsFiles;
  #problem: string | undefined;
  /** Problem of the last look alone: certificate and key are two files, and one is replaced first. */
  #suspicion: string | undefined;
  #timer: Timer | undefined;
  #hasStopped = false;

  private constructor(options: KeeperOptions, files: TlsFiles, material: TlsMaterial) {
    this.#options = options;
    this.#files = files;
    this.#material = material;
    this.#lookLater();
  }

  /** @throws InvalidArgumentError naming the field of a file that cannot be read or does not fit */
  static async start(options: KeeperOptions): Promise<TlsKeeper> {
    const files = await readTlsFiles(options.paths);
    return new TlsKeeper(options, files, materialOf(files, options.paths, options.clock.wallNow()));
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  get status(): TlsStatus {
    const { leaf, expiresAtMs } = this.#material;
    return {
      subject: leaf.subject?.replaceAll('\n', ', ') ?? '',
      expiresAt: new Date(expiresAtMs).toISOString(),
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }

  onChange(listener: (material: TlsMaterial) => void): void {
    this.#listeners.push(listener);
  }

  stop(): void {
    this.#hasStopped = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    if (!this.#hasStopped)
      this.#timer = this.#options.clock.setTimer(
        lookMs,
        () => void this.look().then(() => this.#lookLater()),
      );
  }

  /** Looks whether the files have changed, as happens every second. Never throws. */
  async look(): Promise<void> {
    const { paths, clock, log } = this.#options;
    try {
      const files = await readTlsFiles(paths);
      if (!isSame(files, this.#files)) {
        this.#material = materialOf(files, paths, clock.wallNow());
        this.#files = files;
        for (const listener of this.#listeners) listener(this.#material);
        log.info({ ...this.status }, 'new connections get the changed certificate');
      }
      this.#problem = undefined;
      this.#suspicion = undefined;
    } catch (error) {
      this.#suspect((error as Error).message.replace(/^tls(Cert|Key|Ca)/, (field) => flags[field] ?? field));
    }
  }

  /** A problem counts when the next look finds it again. */
  #suspect(problem: string): void {
    if (problem === this.#suspicion && problem !== this.#problem) {
      this.#problem = problem;
      this.#options.log.error({ ...this.status }, 'the changed TLS files are not used; the old ones stay');
    }
    this.#suspicion = problem;
  }
}

function isSame(one: TlsFiles, other: TlsFiles): boolean {
  return one.tlsCert === other.tlsCert && one.tlsKey === other.tlsKey && one.tlsCa === other.tlsCa;
}
