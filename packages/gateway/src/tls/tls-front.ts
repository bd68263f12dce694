import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Clock, Logger, Timer } from '@drover/actor-core';
import { clientCertificateOf, type ClientCertificate } from './client-certificate.ts';
import { contextOf } from './tls-files.ts';
import type { TlsKeeper } from './tls-keeper.ts';
import { answerPlainHttp } from './plain-http.ts';

/** Whether clients must show a certificate of an authority in `--tls-ca`, or may. */
export type TlsClients = 'require' | 'request';

export interface TlsFrontOptions {
  readonly keeper: TlsKeeper;
  readonly clients: TlsClients;
  /** The protocol that is spoken over TLS (ALPN). */
  readonly protocol: 'http/1.1' | 'h2';
  /** Milliseconds from the connection to the end of the handshake; 0 for no deadline. */
  readonly handshakeTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes a connection after its handshake. `raw` is the connection below it. */
  readonly take: (secure: TLSSocket, raw: Socket) => void;
}

/** A connection whose handshake is not over. */
interface Handshake {
  readonly raw: Socket;
  /** Ends it. */
  readonly timer: Timer;
}

/** First byte of a TLS connection: a record with a handshake message. */
const handshakeRecord = 0x16;
/** OpenSSL's bound where the deadline is turned off. */
const longestHandshakeMs = 120_000;

/**
 * Makes secure connections of accepted ones, and refuses those of clients without a certificate where one is required.
 * A changed certificate counts for new connections; running ones go on.
 */
export class TlsFront {
  readonly #options: TlsFrontOptions;
  readonly #server: Server;
  /** Connections whose handshake is not over, by their addresses: a TLS socket does not tell the socket below it. */
  readonly #open = new Map<string, Handshake>();

  constructor(options: TlsFrontOptions) {
    this.#options = options;
    const { keeper, protocol } = options;
    this.#server = createServer({
      ...contextOf(keeper.material),
      ALPNProtocols: [protocol],
      handshakeTimeout: longestHandshakeMs,
      requestCert: keeper.material.ca.length > 0,
      // Decided in #enter, because the gateway's own certificate is accepted too.
      rejectUnauthorized: false,
    });
    this.#server.on('secureConnection', (socket) => this.#enter(socket));
    this.#server.on('tlsClientError', ({ message }, { remoteAddress }) =>
      options.log.debug({ remoteAddress, message }, 'a TLS handshake failed'),
    );
    keeper.onChange((material) => this.#server.setSecureContext(contextOf(material)));
  }

  accept(raw: Socket): void {
    const { clock, handshakeTimeoutMs } = this.#options;
    const address = addressOf(raw);
    const timer = clock.setTimer(handshakeTimeoutMs || longestHandshakeMs, () => raw.destroy());
    const handshake = { raw, timer };
    this.#open.set(address, handshake);
    raw.once('close', () => {
      timer.cancel();
      if (this.#open.get(address) === handshake) this.#open.delete(address);
    });
    raw.on('error', () => undefined);
    raw.once('end', () => {
      if (this.#open.get(address) === handshake) raw.destroy();
    });
    raw.once('data', (first: Buffer) => {
      raw.pause();
      raw.unshift(first);
      if (first[0] === handshakeRecord) this.#server.emit('connection', raw);
      else answerPlainHttp(raw, first, clock);
    });
  }

  /** Closes the connections whose handshake is not over. */
  close(): void {
    for (const { raw } of this.#open.values()) raw.destroy();
  }

  #enter(secure: TLSSocket): void {
    const handshake = this.#open.get(addressOf(secure));
    if (handshake === undefined) {
      secure.destroy();
      return;
    }
    const refusal = this.#refusalOf(secure);
    if (refusal !== undefined) {
      const { remoteAddress } = secure;
      this.#options.log.info({ remoteAddress, reason: refusal }, 'a TLS client was refused');
      secure.destroy();
      return;
    }
    handshake.timer.cancel();
    this.#open.delete(addressOf(secure));
    secure.on('error', () => undefined);
    this.#options.take(secure, handshake.raw);
  }

  /** Why a client is refused; undefined for one that is let in. */
  #refusalOf(secure: TLSSocket): string | undefined {
    const { keeper, clients } = this.#options;
    if (keeper.material.ca.length === 0 || secure.authorized) return undefined;
    const shown = secure.getPeerX509Certificate();
    if (shown === undefined) return clients === 'require' ? 'it shows no certificate' : undefined;
    // Its key is the gateway's: the commands of this machine use it, and it need not be made for clients.
    if (shown.fingerprint256 === keeper.material.leaf.fingerprint256) return undefined;
    return `its certificate is not accepted: ${String(secure.authorizationError)}`;
  }
}

/** The accepted certificate of the client of a connection; undefined without one. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  const known = certificates.get(socket);
  if (known !== undefined) return known.certificate;
  const secure = socket as TLSSocket;
  const shown = secure.authorized ? secure.getPeerX509Certificate() : undefined;
  const certificate = shown && clientCertificateOf(shown);
  certificates.set(socket, { certificate });
  return certificate;
}

/** Read once for each connection, not for each request. */
const certificates = new WeakMap<Socket, { readonly certificate: ClientCertificate | undefined }>();

function addressOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
