/**
 * Entries in the tables of an actor system that grow and shrink with its use. Once everything that was started has
 * ended, each count is back at its first value; a leak shows here long before it shows in memory.
 */
export interface TableSizes {
  /** Live actors without the root. */
  actors: number;
  /** Messages in mailboxes. */
  messages: number;
  stashed: number;
  /** Timers set by actors. */
  timers: number;
  /** Watches and links, of this node or of others, on actors here. */
  watchers: number;
  /** Watches and links of actors here on other actors, local or remote. */
  watching: number;
  /** Restarts under way. */
  restarts: number;
  /** Callbacks that wait for the end of an actor. */
  endWaiters: number;
  /** Questions and streams that other nodes may answer. */
  endpoints: number;
  /** Questions and blocked senders that have a deadline. */
  deadlines: number;
  /** Watches of this node on actors of other nodes. */
  outboundWatches: number;
  /** Watches of other nodes on actors of this node. */
  inboundWatches: number;
  /** Known other nodes. */
  peers: number;
  /** Lanes to other nodes. */
  outboxes: number;
}
