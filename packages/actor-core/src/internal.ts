export { JetStreamStore, type JetStreamStoreOptions } from './storage/jetstream-store.ts';
export { connectNats, NatsTransport, type NatsTransportOptions } from './transport/nats-transport.ts';
