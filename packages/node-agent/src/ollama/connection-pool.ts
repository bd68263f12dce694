import { Client } from 'undici';

/** One TCP connection to an Ollama, used by one request at a time. */
export interface Connection {
  readonly client: Client;
  /** Number of sockets opened so far, which shows whether a socket is reused. */
  connects: number;
}

export interface ConnectionPoolOptions {
  readonly connectMs: number;
  /** Largest number of idle connections that are kept. */
  readonly maxIdle: number;
}

/** An idle socket is closed after this time, because Ollama never closes its side. */
const keepAliveMs = 20_000;

/**
 * The connections to one Ollama. Each request has its own connection, so that an abort destroys only its socket, and so
 * that the caller knows whether the socket is reused. The slots of the instance limit the number of connections in use.
 */
export class ConnectionPool {
  readonly #url: string;
  readonly #options: ConnectionPoolOptions;
  readonly #open = new Set<Connection>();
  #idle: Connection[] = [];

  constructor(url: string, options: ConnectionPoolOptions) {
    this.#url = url;
    this.#options = options;
  }

  take(): Connection {
    return this.#idle.pop() ?? this.#create();
  }

  /** Keeps the connection for the next request if there is room, else closes it. */
  giveBack(connection: Connection): void {
    if (this.#open.has(connection) && this.#idle.length < this.#options.maxIdle) this.#idle.push(connection);
    else this.drop(connection);
  }

  /** Destroys the socket at once. */
  drop(connection: Connection): void {
    this.#open.delete(connection);
    connection.client.destroy().catch(() => {});
  }

  close(): void {
    const all = [...this.#open];
    this.#idle = [];
    for (const connection of all) this.drop(connection);
  }

  #create(): Connection {
    const client = new Client(this.#url, {
      connect: { timeout: this.#options.connectMs },
      // No timeouts here: a load can take minutes, and the job has its own deadlines.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      pipelining: 1,
    });
    const connection: Connection = { client, connects: 0 };
    client.on('connect', () => {
      connection.connects += 1;
    });
    this.#open.add(connection);
    return connection;
  }
}
