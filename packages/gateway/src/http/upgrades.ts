import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request that asked for another protocol than HTTP, before it was answered. */
export interface Upgrade {
  readonly socket: Duplex;
  /** The first bytes of the other protocol. */
  readonly head: Buffer;
  /** The answer to the request leaves the connection to the other protocol. */
  takeOver(): void;
}

type UpgradingServer = Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean };
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

/** The upgrade that the request asked for; undefined for a plain request. */
export function upgradeOf(request: IncomingMessage): Upgrade | undefined {
  return upgrades.get(request);
}

/**
 * Passes requests for a WebSocket to the listener of all requests, so that the same checks come before them. Requests
 * for another protocol (Java's client asks each server for h2c) stay plain requests. A node without
 * `shouldUpgradeCallback` (before 22.21) cannot tell them apart and serves no WebSocket.
 */
export function takeUpgrades(server: Server, listener: Listener): void {
  const upgrading = server as UpgradingServer;
  if (!('shouldUpgradeCallback' in upgrading)) return;
  upgrading.shouldUpgradeCallback = ({ method, headers }) =>
    method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    takeOfferedKey(request);
    // The server of HTTP no longer listens to the errors of this socket.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => response.emit('close'));
    response.assignSocket(socket as never);
    response.once('finish', () => socket.end());
    upgrades.set(request, { socket, head, takeOver: () => response.detachSocket(socket as never) });
    listener(request, response);
  });
}

/** A page in a browser cannot set headers of a WebSocket, so its key comes among the protocols, as `bearer.KEY`. */
function takeOfferedKey({ headers }: IncomingMessage): void {
  const offered = headers['sec-websocket-protocol']?.split(',').map((one) => one.trim()) ?? [];
  const key = offered.find((one) => one.startsWith('bearer.'))?.slice('bearer.'.length);
  if (key !== undefined) headers.authorization ??= `Bearer ${key}`;
}
