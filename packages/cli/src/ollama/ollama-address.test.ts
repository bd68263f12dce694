import { expect, it } from 'vitest';
import { parseOllamaAddress, shownUrl } from './ollama-address.ts';

it.each([
  ['', 'http://127.0.0.1:11434'],
  ['1.2.3.4', 'http://1.2.3.4:11434'],
  ['1.2.3.4:8080', 'http://1.2.3.4:8080'],
  [':8080', 'http://127.0.0.1:8080'],
  ['0.0.0.0', 'http://127.0.0.1:11434'],
  ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
  ['gpu-7.lan', 'http://gpu-7.lan:11434'],
  ['http://gpu-7.lan', 'http://gpu-7.lan:80'],
  ['http://gpu-7.lan:11434/', 'http://gpu-7.lan:11434'],
  ['https://gpu-7.lan', 'https://gpu-7.lan:443'],
  ['https://gpu-7.lan/ollama/', 'https://gpu-7.lan:443/ollama'],
  ['https://ada:p@ss,1@proxy/gpu/1/', 'https://ada:p%40ss%2C1@proxy:443/gpu/1'],
  ['http://ada@[::1]:8080', 'http://ada:@[::1]:8080'],
  ['::1', 'http://[::1]:11434'],
  ['[::1]', 'http://[::1]:11434'],
  ['[::]:8080', 'http://[::1]:8080'],
  [' "1.2.3.4" ', 'http://1.2.3.4:11434'],
])('reads %j as %j', (text, url) => {
  expect(parseOllamaAddress(text)).toBe(url);
});

it.each(['ftp://gpu-7.lan', 'gpu-7.lan:abc', 'gpu-7.lan:0', 'gpu-7.lan:70000', 'a b', 'ada:secret@gpu'])(
  'refuses %j',
  (text) => {
    expect(parseOllamaAddress(text)).toBeUndefined();
  },
);

it('shows an address without user and password', () => {
  expect(shownUrl('https://ada:p%40ss@proxy:443/gpu')).toBe('https://proxy:443/gpu');
  expect(shownUrl('http://gpu:11434/a@b')).toBe('http://gpu:11434/a@b');
  expect(shownUrl('http://[::1]:11434')).toBe('http://[::1]:11434');
  // A comma in the password has cut the address in two.
  expect(shownUrl('http://ada:s3')).toBe('http://ada:…');
  expect(shownUrl('http://ada:3cret')).toBe('http://ada:…');
});
