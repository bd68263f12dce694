import type { HeaderTransport } from '../../transport/transport.ts';
import { recordOfAnnounced } from './jetstream-record.ts';
import type { Following, LogFollower } from './log.ts';

interface Feed {
  readonly followers: Set<LogFollower>;
  readonly close: () => void;
}

/**
 * The feeds of logs: records that the server republishes to core NATS as it accepts them (ADR-31). One subscription for
 * each feed and filter serves all its followers in the process, so that a record crosses the connection once.
 */
export class JetStreamFeeds {
  readonly #transport: HeaderTransport;
  readonly #feeds = new Map<string, Feed>();

  constructor(transport: HeaderTransport) {
    this.#transport = transport;
  }

  follow(prefix: string, follower: LogFollower): Following {
    const subject = `${prefix}.${follower.filter ?? '>'}`;
    const feed = this.#feeds.get(subject) ?? this.#open(subject);
    // One object of its own for each call: a follower may follow twice.
    const own: LogFollower = {
      onRecord: (record) => follower.onRecord(record),
      onInterrupted: () => follower.onInterrupted?.(),
    };
    feed.followers.add(own);
    return { close: () => this.#leave(subject, feed, own) };
  }

  #open(subject: string): Feed {
    const followers = new Set<LogFollower>();
    const subscription = this.#transport.subscribeWithHeaders(subject, (message) => {
      const record = recordOfAnnounced(message);
      if (record !== undefined) for (const follower of followers) follower.onRecord(record);
    });
    const off = this.#transport.onConnectionChange((connected) => {
      if (connected) for (const follower of followers) follower.onInterrupted?.();
    });
    const close = () => {
      subscription.unsubscribe();
      off();
    };
    const feed: Feed = { followers, close };
    this.#feeds.set(subject, feed);
    return feed;
  }

  #leave(subject: string, feed: Feed, follower: LogFollower): void {
    feed.followers.delete(follower);
    if (feed.followers.size > 0 || this.#feeds.get(subject) !== feed) return;
    this.#feeds.delete(subject);
    feed.close();
  }
}
