import type { z } from 'zod';
import { InvalidArgumentError, MessageTooLargeError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { anyToken, requireTopic, senderOf, topicOf } from '../transport/subjects.ts';
import { decodeTopicMessage, encodeTopicMessage } from './topic-message.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const subscribeOptions = optionNames<{ readonly signal?: AbortSignal }>({ signal: true });

/** A topic and what its messages look like. Plain data only: refs do not travel on topics. */
export interface Topic<M> {
  readonly name: string;
  readonly protocol: z.ZodType<M>;
}

/** Who published, and where; NATS vouches for the node. */
export interface Published {
  readonly topic: string;
  /** Id of the node that published. */
  readonly from: string;
}

/**
 * Topics over the bus: whoever subscribes on any node, this one included, is told; at most once, in the order of each
 * publisher, and nothing is kept for who comes later. Not for an observer, which NATS lets neither publish nor listen.
 */
export interface PubSub {
  /**
   * False when it was not sent: the bus is away, or behind.
   *
   * @throws InvalidArgumentError for a topic with a wildcard
   * @throws MessageTooLargeError
   */
  publish<M>(topic: Topic<M>, message: M): boolean;
  /**
   * Listens, with `*` in the topic's name for any one token. What does not fit the protocol is left out, and logged
   * once. Ends with the unsubscriber, or with `signal`.
   */
  subscribe<M>(
    topic: Topic<M>,
    listener: (message: M, published: Published) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void;
}

/** @throws InvalidArgumentError unless the name is one to four tokens of `a-z 0-9 _ -` joined by dots, or `*` for one */
export function topic<M>(name: string, protocol: z.ZodType<M>): Topic<M> {
  return { name: requireTopic(name), protocol };
}

/** Topics over the bus of this node. */
export function createPubSub(node: Pick<LocalNode, 'nodeId' | 'transport' | 'subjects' | 'log'>): PubSub {
  const { nodeId, transport, subjects, log } = node;
  return {
    publish({ name }, message) {
      if (name.split('.').includes(anyToken))
        throw new InvalidArgumentError('topic', `has a wildcard, which nobody can publish to: ${name}`);
      const payload = encodeTopicMessage(message);
      if (payload.length > transport.maxPayloadBytes)
        throw new MessageTooLargeError(`the topic ${name}`, payload.length, transport.maxPayloadBytes);
      return transport.publish(subjects.topic(name, nodeId), payload);
    },
    subscribe({ name, protocol }, listener, options) {
      if (options !== undefined) requireKnownOptions('subscribe', options, subscribeOptions);
      if (options?.signal?.aborted === true) return () => undefined;
      let isWarned = false;
      const subscription = transport.subscribe(subjects.topic(name, anyToken), ({ subject, payload }) => {
        const published = { topic: topicOf(subject), from: senderOf(subject) };
        const decoded = decodeTopicMessage(payload);
        const parsed = decoded === undefined ? undefined : protocol.safeParse(decoded.message);
        if (parsed?.success !== true) {
          if (!isWarned) log.warn(published, 'a message does not fit its topic; further ones are left out');
          isWarned = true;
          return;
        }
        try {
          listener(parsed.data, published);
        } catch (err) {
          log.error({ err, ...published }, 'a listener of a topic failed');
        }
      });
      const unsubscribe = () => {
        options?.signal?.removeEventListener('abort', unsubscribe);
        subscription.unsubscribe();
      };
      options?.signal?.addEventListener('abort', unsubscribe, { once: true });
      return unsubscribe;
    },
  };
}
