import { it, expect } from 'vitest';
import { isLocalHost } from './guard.ts';

it.each([
  'localhost:11434',
  'a.localhost',
  'box.local',
  'gpu.internal',
  '127.0.0.1',
  '10.1.2.3:9',
  '192.168.1.5',
  '172.20.0.1',
  '[::1]:80',
  '0.0.0.0',
  '',
])('accepts the host %j', (host) => {
  expect(isLocalHost(host)).toBe(true);
});

it.each(['gpu1', 'box.lan', 'example.com', '8.8.8.8', '172.32.0.1', 'localhost.example.com'])(
  'refuses the host %j',
  (host) => {
    expect(isLocalHost(host)).toBe(false);
  },
);
