import { expect, it } from 'vitest';
import { isLoopbackAddress, requireClosedAddress } from './open-address.ts';

it.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])(
  'allows a gateway without a key to listen on %s',
  (host) => {
    expect(isLoopbackAddress(host)).toBe(true);
    expect(() => requireClosedAddress(host, false)).not.toThrow();
  },
);

it.each(['0.0.0.0', '::', '192.168.1.4', 'gpu1', ''])(
  'refuses to listen on %j without a key, unless --insecure says so',
  (host) => {
    expect(() => requireClosedAddress(host, false)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('--insecure') as string }),
    );
    expect(() => requireClosedAddress(host, true)).not.toThrow();
  },
);
