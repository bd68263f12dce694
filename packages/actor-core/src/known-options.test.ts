import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorContext } from './actor/actor-context.ts';
import { receive, setup } from './actor/behaviour.ts';
import { createActorSystem } from './node/create-actor-system.ts';
import { props } from './cell/create-props.ts';
import { createCircuitBreaker } from './breaker/circuit-breaker.ts';
import { reliableConsumer } from './delivery/reliable-consumer.ts';
import { reliableProducer } from './delivery/reliable-producer.ts';
import { workDispatcher } from './delivery/work-dispatcher.ts';
import { workPuller } from './delivery/work-puller.ts';
import { InvalidArgumentError } from './errors.ts';
import { inspectCluster } from './inspection/inspect-cluster.ts';
import { workerProps } from './isolation/worker-props.ts';
import { joinLeadership } from './leadership/join-leadership.ts';
import { silentLogger } from './logger.ts';
import { joinCluster } from './node/join-cluster.ts';
import { createEventStream } from './pubsub/event-stream.ts';
import { createPubSub, topic } from './pubsub/pub-sub.ts';
import { askFirst, askQuorum, askTailChopping } from './routing/gather.ts';
import { createRouter, fixedTargets } from './routing/router.ts';
import { roundRobin } from './routing/strategy.ts';
import { createCoordinatedShutdown } from './shutdown/coordinated-shutdown.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { Simulation } from './testing/simulation.ts';
import { createTestHub, createTestNode } from './testing/test-node.ts';
import { connectNats } from './transport/connect-nats.ts';

const create = () => receive<string>(() => undefined);
const clock = new ManualClock();
const hub = createTestHub();
const node = createTestNode(hub, { nodeId: 'n' });
const { system } = node;
const actor = system.spawn(props<string>(create), 'actor');
const make = () => 'question';

/** What `act` throws or rejects with inside of an actor. */
async function inside(act: (context: ActorContext<string>) => unknown): Promise<void> {
  const outcome = Promise.withResolvers<void>();
  const recipe = props<string>(() =>
    setup((context) => {
      attempt(() => act(context)).then(() => outcome.resolve(), outcome.reject);
      return receive(() => undefined);
    }),
  );
  const ref = system.spawn(recipe);
  try {
    await outcome.promise;
  } finally {
    await system.stop(ref);
  }
}

/** What throws at once rejects as well. */
const attempt = async (act: () => unknown): Promise<unknown> => act();

/** Code without types passes what the compiler would refuse. */
// oxlint-disable-next-line typescript/no-explicit-any -- the mistakes that types prevent are what is tested
type Untyped = any;
const bad = (options: object): Untyped => options;

const calls: readonly [call: string, argument: string, near: string, () => unknown][] = [
  ['createActorSystem', 'options.nodeID', 'nodeId', () => createActorSystem(bad({ nodeID: 'n' }))],
  ['props', 'props.restar', 'restart', () => props(create, bad({ restar: 'permanent' }))],
  ['props, mailbox', 'mailbox.capacty', 'capacity', () => props(create, bad({ mailbox: { capacty: 1 } }))],
  [
    'props, supervision',
    'supervision.intensty',
    'intensity',
    () => props(create, bad({ supervision: { intensty: 1 } })),
  ],
  ['spawn', 'props.protocl', 'protocol', () => system.spawn(bad({ create, protocl: z.string() }))],
  [
    'context.spawn',
    'props.significnt',
    'significant',
    () => inside((context) => context.spawn(bad({ create, significnt: true }))),
  ],
  ['ask', 'ask.timeout', 'timeoutMs', () => system.ask(actor, make, bad({ timeoutMs: 1, timeout: 1 }))],
  [
    'context.ask',
    'ask.singal',
    'signal',
    () => inside((context) => context.ask(actor, make, bad({ timeoutMs: 1, singal: undefined }))),
  ],
  [
    'tellOrWait',
    'tellOrWait.traces',
    'trace',
    () => system.tellOrWait(actor, 'x', bad({ timeoutMs: 1, traces: '' })),
  ],
  [
    'askStream',
    'askStream.windw',
    'window',
    () => system.askStream(actor, make, bad({ timeoutMs: 1, windw: 1 })),
  ],
  [
    'openStream',
    'openStream.idleTimeout',
    'idleTimeoutMs',
    () => inside((context) => context.openStream(bad(actor), bad({ idleTimeout: 1 }))),
  ],
  [
    'adapt',
    'adapt.protocoll',
    'protocol',
    () => inside((context) => context.adapt(String, bad({ protocoll: z.string() }))),
  ],
  ['askFirst', 'ask.lan', 'lane', () => askFirst(node, [actor], make, bad({ timeoutMs: 1, lan: 'data' }))],
  [
    'askQuorum',
    'ask.replay',
    'reply',
    () => askQuorum(node, [actor], make, bad({ timeoutMs: 1, needed: 1, replay: z.string() })),
  ],
  [
    'askTailChopping',
    'ask.interval',
    'intervalMs',
    () => askTailChopping(node, [actor], make, bad({ timeoutMs: 1, intervalMs: 1, interval: 1 })),
  ],
  [
    'router.ask',
    'ask.timeoutms',
    'timeoutMs',
    () =>
      createRouter(system, fixedTargets([actor]), roundRobin()).ask(
        make,
        bad({ timeoutMs: 1, timeoutms: 1 }),
      ),
  ],
  [
    'joinCluster',
    'options.role',
    'roles',
    () => joinCluster(bad({ nodeId: 'n', role: ['host'], nats: { servers: [] } })),
  ],
  [
    'joinCluster, nats',
    'nats.server',
    'servers',
    () => joinCluster(bad({ nodeId: 'n', nats: { server: 'x' } })),
  ],
  ['connectNats', 'options.servrs', 'servers', () => connectNats(bad({ servers: ['x'], servrs: [] }))],
  [
    'joinLeadership',
    'options.candidat',
    'candidate',
    () => joinLeadership(node, bad({ group: 'g', candidat: false })),
  ],
  ['inspectCluster', 'question.limits', 'limit', () => inspectCluster(node, bad({ limits: 5 }))],
  [
    'createCircuitBreaker',
    'options.maxFailure',
    'maxFailures',
    () => createCircuitBreaker(bad({ name: 'b', clock, maxFailure: 1 })),
  ],
  [
    'createCoordinatedShutdown',
    'options.phase',
    'phases',
    () => createCoordinatedShutdown(bad({ clock, log: silentLogger, phase: [] })),
  ],
  [
    'createCoordinatedShutdown, phase',
    'phases.p.onFail',
    'onFailure',
    () =>
      createCoordinatedShutdown({ clock, log: silentLogger, phases: [bad({ name: 'p', onFail: 'abort' })] }),
  ],
  [
    'reliableProducer',
    'options.bufferlimit',
    'bufferLimit',
    () => reliableProducer(bad({ consumer: actor, bufferlimit: 1 })),
  ],
  [
    'reliableConsumer',
    'options.mailbx',
    'mailbox',
    () => reliableConsumer(bad({ protocol: z.string(), create, mailbx: {} })),
  ],
  ['workDispatcher', 'options.maxAttempt', 'maxAttempts', () => workDispatcher(bad({ maxAttempt: 1 }))],
  [
    'workPuller',
    'options.offerms',
    'offerMs',
    () => workPuller(bad({ dispatcher: actor, protocol: z.string(), create, offerms: 1 })),
  ],
  [
    'workerProps',
    'source.maxHeap',
    'maxHeapMiB',
    () => workerProps(bad({ module: new URL('file:///x.js'), maxHeap: 1 })),
  ],
  [
    'PubSub.subscribe',
    'subscribe.signl',
    'signal',
    () => createPubSub(node).subscribe(topic('t', z.string()), () => undefined, bad({ signl: undefined })),
  ],
  [
    'EventStream.subscribe',
    'subscribe.signals',
    'signal',
    () => createEventStream(silentLogger).subscribe('*', () => undefined, bad({ signals: undefined })),
  ],
  [
    'Transport.subscribe',
    'subscribe.queu',
    'queue',
    () => node.transport.subscribe('s', () => undefined, bad({ queu: 'q' })),
  ],
  ['createTestHub', 'options.clocks', 'clock', () => createTestHub(bad({ clocks: clock }))],
  ['createTestNode', 'options.nodeid', 'nodeId', () => createTestNode(hub, bad({ nodeid: 'n' }))],
  ['Simulation', 'options.onNotes', 'onNote', () => new Simulation(1, bad({ onNotes: () => undefined }))],
];

describe('an option that does not exist', () => {
  it.each(calls)('is refused by %s as %s, and %s is named', async (_call, argument, near, act) => {
    const error = await attempt(act).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ argument });
    expect((error as Error).message).toContain(`did you mean ${near}?`);
  });

  it('is refused with all option names when none is similar', () => {
    expect(() => props(create, bad({ colour: 'red' }))).toThrow(
      'props.colour is no option; there is mailbox, restart, significant, supervision, protocol, accepts',
    );
  });
});
