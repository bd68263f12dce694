import {
  AckPolicy,
  jetstream,
  type JetStreamApiError,
  type JsMsg,
  RetentionPolicy,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { installedVersion } from '../../installed-version.ts';
import type { StorageArm } from '../storage-arm.ts';

/** "Wrong last sequence" of the JetStream API. */
const wrongSequenceCode = 10071;

/** The clients of NATS, used as in their documentation. */
const natsClient: StorageArm = {
  name: 'nats client',
  path: '@nats-io/kv and @nats-io/jetstream with their defaults, reads from the leader: put, get, update; publish with an id, consume, acknowledgement that the server confirms; an unanswered write is an error',
  version: () => {
    installedVersion('@nats-io/transport-node', import.meta.url);
    return installedVersion('@nats-io/kv', import.meta.url);
  },
  async connect(server) {
    const { connect } = await import('@nats-io/transport-node');
    const connection = await connect({ servers: server });
    const bucket = await new Kvm(connection).create('bench', { history: 1, allow_direct: false });
    const js = jetstream(connection);
    const manager = await js.jetstreamManager();
    await manager.streams.add({
      name: 'TASKS',
      subjects: ['tasks.*'],
      retention: RetentionPolicy.Workqueue,
    });
    await manager.consumers.add('TASKS', { durable_name: 'takers', ack_policy: AckPolicy.Explicit });
    return {
      put: (key, value) => bucket.put(key, value),
      get: async (key) => (await bucket.get(key))?.value,
      update: async (key, value, revision) => {
        try {
          return await bucket.update(key, value, revision);
        } catch (error) {
          if ((error as Partial<JetStreamApiError>).code === wrongSequenceCode) return undefined;
          throw error;
        }
      },
      putTask: async (id, body) => {
        const { duplicate } = await js.publish(`tasks.${id}`, body, { msgID: id });
        if (duplicate) throw new Error(`the task ${id} was not accepted`);
      },
      takeTasks: async (onDone) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const consumer = await js.consumers.get('TASKS', 'takers');
        const messages = await consumer.consume({
          callback: (message) => {
            const id = message.subject.slice('tasks.'.length);
            void acknowledge(message)
              .then(() => onDone(id, message.data))
              .catch(reject);
          },
        });
        messages.closed().then(() => resolve(), reject);
        await promise;
      },
      close: () => connection.close(),
    };
  },
};

export default natsClient;

async function acknowledge(message: JsMsg): Promise<void> {
  if (!(await message.ackAck())) throw new Error(`${message.subject}: the acknowledgement was not confirmed`);
}
