import type { OllamaSimConfig, Pullable } from '../config.ts';
import { ClientGoneError, OllamaError } from '../errors.ts';
import type { ModelStore } from '../model/model-store.ts';
import { defineModel, type SimModel, sha256 } from '../model/model.ts';
import { fullName } from '../model/model-name.ts';
import { PRESETS } from '../model/presets.ts';
import type { SimDisk } from '../model/sim-disk.ts';
import { Download, PROGRESS_MS } from './download.ts';

/** One line of the answer to a pull. */
export type PullLine = Readonly<Record<string, string | number>>;

const UNREACHABLE =
  'dial tcp: lookup registry.ollama.ai on 127.0.0.53:53: dial udp 127.0.0.53:53: connect: network is unreachable';
/** Size of the configuration layer that every model has in addition to its weights. */
const CONFIG_BYTES = 148;

/** Pulls from a simulated registry, which has the presets and the models of the options. */
export class Puller {
  readonly #config: OllamaSimConfig;
  readonly #modelStore: ModelStore;
  readonly #disk: SimDisk;
  readonly #downloads = new Map<string, Download>();

  constructor(config: OllamaSimConfig, modelStore: ModelStore, disk: SimDisk) {
    this.#config = config;
    this.#modelStore = modelStore;
    this.#disk = disk;
  }

  /** Downloads that run. */
  get running(): number {
    return [...this.#downloads.values()].filter(({ isRunning }) => isRunning).length;
  }

  /**
   * Pulls a model and reports each line.
   *
   * @throws OllamaError 500 with the text of the last line when it fails
   * @throws ClientGoneError when the signal aborts
   */
  async pull(name: string, signal: AbortSignal, line: (line: PullLine) => void): Promise<void> {
    line({ status: 'pulling manifest' });
    const target = fullName(name);
    const pullable = this.#find(name);
    const { model, fault } = pullable;
    if (fault === 'blob-missing') throw new OllamaError(500, 'file does not exist');
    if (fault === 'no-redirect') throw new OllamaError(500, 'http: no Location header in response');
    if (this.#modelStore.find(target)?.blob === model.blob) {
      line(layerLine(model.blob, model.sizeBytes, model.sizeBytes));
      line(layerLine(sha256(model.digest), CONFIG_BYTES, CONFIG_BYTES));
    } else await this.#download(target, pullable, signal, line);
    line({ status: 'verifying sha256 digest' });
    if (fault === 'digest-mismatch') {
      const text = `digest mismatch, file must be downloaded again: want sha256:${model.blob}, got sha256:${sha256('wrong')}`;
      throw new OllamaError(500, text);
    }
    line({ status: 'writing manifest' });
    this.#modelStore.put({ ...model, name: target, modifiedAtMs: this.#config.clock.wallMs() });
    line({ status: 'success' });
  }

  #find(name: string): Pullable {
    const full = fullName(name);
    const hasHost = full.split('/').length > 2;
    if (!hasHost && !this.#config.network) {
      const [model, tag] = full.split(':');
      const url = `https://registry.ollama.ai/v2/library/${model}/manifests/${tag}`;
      throw new OllamaError(500, `pull model manifest: Get "${url}": ${UNREACHABLE}`);
    }
    const bare = full.slice(full.lastIndexOf('/') + 1);
    const found =
      this.#config.registry.find(({ model }) => model.name === bare) ??
      PRESETS.map(presetPullable).find(({ model }) => model.name === bare);
    if (!found) throw new OllamaError(500, 'pull model manifest: file does not exist');
    return found;
  }

  async #download(
    target: string,
    pullable: Pullable,
    signal: AbortSignal,
    line: (line: PullLine) => void,
  ): Promise<void> {
    const { clock, pullBytesPerSecond } = this.#config;
    const download =
      this.#downloads.get(target) ?? new Download(target, pullable, this.#disk, clock, pullBytesPerSecond);
    this.#downloads.set(target, download);
    const {
      totalBytes,
      pullable: { model },
    } = download;
    // A download that ends before the first report is due gives no line.
    const reports = totalBytes / pullBytesPerSecond > PROGRESS_MS / 1000;
    download.join();
    try {
      for (;;) {
        const leftMs = ((totalBytes - download.completedBytes) / pullBytesPerSecond) * 1000;
        await pause(Math.min(PROGRESS_MS, leftMs), signal, this.#config);
        download.advance();
        if (download.completedBytes >= totalBytes) break;
        if (reports) line(layerLine(model.blob, totalBytes, download.completedBytes));
      }
      if (reports) line(layerLine(model.blob, totalBytes, totalBytes));
    } finally {
      download.leave();
    }
    // Of several pulls that end together, the first one completes the layer.
    if (this.#downloads.delete(target)) download.finish();
  }
}

function presetPullable(spec: (typeof PRESETS)[number]): { model: SimModel; fault: null } {
  return { model: defineModel(spec), fault: null };
}

/** The line of a layer; without `completed` if it is 0. */
function layerLine(digest: string, total: number, completed: number): PullLine {
  const line = { status: `pulling ${digest.slice(0, 12)}`, digest: `sha256:${digest}`, total };
  return completed === 0 ? line : { ...line, completed };
}

function pause(ms: number, signal: AbortSignal, config: OllamaSimConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = config.clock.after(ms, () => {
      signal.removeEventListener('abort', leave);
      resolve();
    });
    const leave = (): void => {
      timer.cancel();
      reject(new ClientGoneError());
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}
