import type { ActorArm, ActorLibrary, Population, Tally } from '../actor-arm.ts';

/** A function call through an object, without actors: an upper bound for every runtime. */
const functionArm: ActorArm = {
  name: 'function call',
  mailbox: false,
  path: 'a closure called through an object, one fresh message object per call; ask awaits a promise',
  version: () => process.version,
  library: async () => library,
};

export default functionArm;

interface Callee {
  readonly call: (message: { value: number }) => void;
}

const library: ActorLibrary = {
  async tellWindowed(total: number, window: number): Promise<Tally> {
    let sent = 0;
    let delivered = 0;
    let windows = 0;
    const receiver: Callee = {
      call: () => {
        if (++delivered % window === 0) windows += 1;
      },
    };
    while (sent < total) for (let i = 0; i < window; i += 1) receiver.call({ value: sent++ });
    if (windows * window !== delivered) throw new Error('a window was not reported');
    return { sent, delivered };
  },

  async askSequential(count: number): Promise<Tally> {
    let delivered = 0;
    const responder = { call: ({ value }: { value: number }) => Promise.resolve(value) };
    for (let i = 0; i < count; i += 1) if ((await responder.call({ value: i })) === i) delivered += 1;
    return { sent: count, delivered };
  },

  async pingPong(roundTrips: number): Promise<Tally> {
    let delivered = 0;
    const pong = { call: (_message: { value: number }) => void (delivered += 1) };
    const ping = { call: (_message: { value: number }) => void (delivered += 1) };
    for (let i = 0; i < roundTrips; i += 1) {
      pong.call({ value: i });
      ping.call({ value: i });
    }
    return { sent: 2 * roundTrips, delivered };
  },

  async ring(hops: number, actors: number): Promise<Tally> {
    let delivered = 0;
    const members: Callee[] = Array.from({ length: actors }, () => ({ call: () => void (delivered += 1) }));
    for (let i = 0; i < hops; i += 1) (members[i % actors] as Callee).call({ value: hops - i });
    return { sent: hops, delivered };
  },

  async burst(total: number): Promise<Tally> {
    let delivered = 0;
    const receiver: Callee = { call: () => void (delivered += 1) };
    for (let i = 0; i < total; i += 1) receiver.call({ value: i });
    return { sent: total, delivered };
  },

  async forkJoin(total: number, actors: number): Promise<Tally> {
    let delivered = 0;
    const members: Callee[] = Array.from({ length: actors }, () => ({ call: () => void (delivered += 1) }));
    for (let i = 0; i < total; i += 1) (members[i % actors] as Callee).call({ value: i });
    return { sent: total, delivered };
  },

  async populate(count: number): Promise<Population> {
    let delivered = 0;
    const members: Callee[] = [];
    for (let i = 0; i < count; i += 1) members.push({ call: () => void (delivered += 1) });
    return {
      async tellAll() {
        const before = delivered;
        for (let i = 0; i < count; i += 1) members[i]?.call({ value: i });
        return { sent: count, delivered: delivered - before };
      },
      async stopAll() {
        return members.splice(0).length;
      },
    };
  },
};
