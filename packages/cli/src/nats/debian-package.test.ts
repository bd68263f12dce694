import { expect, it } from 'vitest';
import { parseMirror, sourceText } from './debian-package.ts';

const printed = [
  "'http://mirror.example/debian/dists/bookworm-updates/InRelease' mirror_bookworm-updates_InRelease 0 ",
  "'http://security.example/debian-security/dists/bookworm-security/InRelease' security_InRelease 0 ",
  "'http://mirror.example/debian/dists/bookworm/InRelease' mirror_bookworm_InRelease 0 ",
  '',
].join('\n');

it('reads the mirror from the URIs that apt prints', () => {
  expect(parseMirror(printed, 'bookworm')).toBe('http://mirror.example/debian');
  expect(parseMirror(printed, 'trixie')).toBeUndefined();
});

it('shows apt one signed source of the machine architecture', () => {
  const text = sourceText({ mirror: 'http://mirror.example/debian', suite: 'forky', architecture: 'arm64' });
  expect(text).toContain('URIs: http://mirror.example/debian\nSuites: forky\n');
  expect(text).toContain('Architectures: arm64\n');
  expect(text).toContain('Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg');
});
