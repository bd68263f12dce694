import { rmSync } from 'node:fs';
import { type Logger, silentLogger } from '@drover/actor-core';
import { ManualClock } from '@drover/actor-core/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createTlsSetup } from '../testing/tls-setup.ts';
import { TlsKeeper } from './tls-keeper.ts';

async function setup() {
  const files = createTlsSetup();
  const errors: object[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => void errors.push(fields) };
  const keeper = await TlsKeeper.start({ paths: files.paths, clock: new ManualClock(Date.now()), log });
  const subjects: (string | undefined)[] = [];
  keeper.onChange(({ leaf }) => subjects.push(leaf.subject));
  onTestFinished(() => {
    keeper.stop();
    files[Symbol.dispose]();
  });
  return { files, errors, keeper, subjects };
}

it('takes over a changed pair', async () => {
  const { files, keeper, subjects } = await setup();
  files.replace(files.authority.issue({ commonName: 'next' }));
  await keeper.look();
  expect(subjects).toEqual(['CN=next']);
  expect(keeper.status).toMatchObject({ subject: 'CN=next' });
});

it('changes nothing while the files are as they were', async () => {
  const { files, keeper, subjects } = await setup();
  files.replace(files.issued);
  await keeper.look();
  expect(subjects).toEqual([]);
});

it('keeps the old pair where the new one does not fit, and reports it until the files fit again', async () => {
  const { files, errors, keeper, subjects } = await setup();
  files.replace({ cert: files.authority.issue({ commonName: 'next' }).cert });
  for (let looks = 0; looks < 3; looks++) await keeper.look();
  expect(subjects).toEqual([]);
  expect(errors).toHaveLength(1);
  expect(keeper.status).toMatchObject({
    subject: 'CN=gateway',
    problem: expect.stringContaining('--tls-key is not the key of the certificate') as string,
  });
  files.replace(files.issued);
  await keeper.look();
  expect(keeper.status).not.toHaveProperty('problem');
});

it('reports nothing while only one of the two files has been replaced', async () => {
  const { files, errors, keeper, subjects } = await setup();
  const next = files.authority.issue({ commonName: 'next' });
  files.replace({ cert: next.cert });
  await keeper.look();
  files.replace({ key: next.key });
  await keeper.look();
  expect(subjects).toEqual(['CN=next']);
  expect(errors).toEqual([]);
});

it('keeps the pair when a file is gone', async () => {
  const { files, keeper } = await setup();
  rmSync(files.paths.tlsKey);
  await keeper.look();
  await keeper.look();
  expect(keeper.status).toMatchObject({
    subject: 'CN=gateway',
    problem: expect.stringContaining('cannot be read') as string,
  });
});

it('refuses to start with a file that does not fit', async () => {
  using files = createTlsSetup();
  files.replace({ cert: 'x' });
  const starting = TlsKeeper.start({
    paths: files.paths,
    clock: new ManualClock(Date.now()),
    log: silentLogger,
  });
  await expect(starting).rejects.toThrow('tlsCert holds no certificate in PEM');
});
