import { expect, it } from 'vitest';
import { isLoopbackAddress } from './open-address.ts';

it.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])(
  'counts %s as an address that only this machine can reach',
  (host) => expect(isLoopbackAddress(host)).toBe(true),
);

it.each(['0.0.0.0', '::', '192.168.1.4', 'gpu1', '127.0.0.1.example.org', '127.x', ''])(
  'counts %j as an address that other machines can reach',
  (host) => expect(isLoopbackAddress(host)).toBe(false),
);
