import { Client } from 'undici';

/** One TCP connection to an Ollama, used by one request at a time. */
export interface Line {
  readonly client: Client;
  /** Sockets it opened so far: tells a reused socket from a fresh one. */
  connects: number;
}

export interface LinePoolOptions {
  readonly connectMs: number;
  /** Idle connections kept for the next request. */
  readonly maxIdle: number;
}

/** An idle socket closes by itself after this; Ollama keeps its side open for ever. */
const keepAliveMs = 20_000;

/**
 * The connections to one Ollama. Each request has one to itself, so that dropping it destroys exactly its socket and
 * so that it is known whether a socket was reused. How many are in use is bounded by the slots of the instance.
 */
export class LinePool {
  readonly #url: string;
  readonly #options: LinePoolOptions;
  readonly #open = new Set<Line>();
  #idle: Line[] = [];

  constructor(url: string, options: LinePoolOptions) {
    this.#url = url;
    this.#options = options;
  }

  take(): Line {
    return this.#idle.pop() ?? this.#create();
  }

  /** For the next request, if there is room. */
  giveBack(line: Line): void {
    if (this.#open.has(line) && this.#idle.length < this.#options.maxIdle) this.#idle.push(line);
    else this.drop(line);
  }

  /** Destroys its socket now. */
  drop(line: Line): void {
    this.#open.delete(line);
    line.client.destroy().catch(() => {});
  }

  close(): void {
    const all = [...this.#open];
    this.#idle = [];
    for (const line of all) this.drop(line);
  }

  #create(): Line {
    const client = new Client(this.#url, {
      connect: { timeout: this.#options.connectMs },
      // A load may take minutes; the job has its own deadlines.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      pipelining: 1,
    });
    const line: Line = { client, connects: 0 };
    client.on('connect', () => {
      line.connects += 1;
    });
    this.#open.add(line);
    return line;
  }
}
