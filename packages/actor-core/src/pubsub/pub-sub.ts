import type { z } from 'zod';
import { InvalidArgumentError, MessageTooLargeError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { anyToken, requireTopic, senderOf, topicOf } from '../transport/subjects.ts';
import { decodeTopicMessage, encodeTopicMessage } from './topic-message.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const subscribeOptions = optionNames<{ readonly signal?: AbortSignal }>({ signal: true });

/** A topic and the schema of its messages. Messages are plain data: refs cannot be sent on topics. */
export interface Topic<M> {
  readonly name: string;
  readonly protocol: z.ZodType<M>;
}

/** Topic and publisher of a message. NATS permissions guarantee the publisher. */
export interface Published {
  readonly topic: string;
  /** Id of the node that published. */
  readonly from: string;
}

/**
 * Topics over the bus. A message reaches the subscribers on every node, this one included, at most once and in the
 * order of its publisher. Later subscribers do not receive it. An observer can neither publish nor subscribe: NATS
 * permissions forbid it.
 */
export interface PubSub {
  /**
   * Publishes a message. Returns false when it was not sent: the bus is disconnected or overloaded.
   *
   * @throws InvalidArgumentError for a topic with a wildcard
   * @throws MessageTooLargeError
   */
  publish<M>(topic: Topic<M>, message: M): boolean;
  /**
   * Subscribes; `*` in the name of the topic stands for any one token. A message that does not match the protocol is
   * dropped, and logged once. The subscription ends with the returned function or with `signal`.
   */
  subscribe<M>(
    topic: Topic<M>,
    listener: (message: M, published: Published) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void;
}

/**
 * Declares a topic.
 *
 * @throws InvalidArgumentError unless the name is one to four tokens of `a-z 0-9 _ -` joined by dots, or `*` for a
 * token
 */
export function topic<M>(name: string, protocol: z.ZodType<M>): Topic<M> {
  return { name: requireTopic(name), protocol };
}

/** The topics of a cluster, as this node publishes and subscribes to them. */
export function createPubSub(node: Pick<LocalNode, 'nodeId' | 'transport' | 'subjects' | 'log'>): PubSub {
  const { nodeId, transport, subjects, log } = node;
  return {
    publish({ name }, message) {
      if (name.split('.').includes(anyToken))
        throw new InvalidArgumentError('topic', `has a wildcard, so it cannot be published to: ${name}`);
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
          if (!isWarned)
            log.warn(
              published,
              'dropped a message that does not match its topic; further ones are not logged',
            );
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
