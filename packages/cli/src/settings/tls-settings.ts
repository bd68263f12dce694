import type { Setting } from './setting.ts';

/** TLS of the gateway. The commands that look at a gateway take the same files for their side of the connection. */
export const tlsSettings: readonly Setting[] = [
  {
    key: 'tls-cert',
    kind: 'text',
    group: 'Addresses and hosts',
    takers: ['up', 'gateway', 'look'],
    placeholder: '<file>',
    help: 'certificate with its chain (PEM): the gateway serves HTTPS; a command that calls a gateway shows it; changes of the file count at once',
    fields: ['gateway.tlsCert'],
    defaultText: 'plain HTTP',
    frequent: true,
  },
  {
    key: 'tls-key',
    kind: 'text',
    group: 'Addresses and hosts',
    takers: ['up', 'gateway', 'look'],
    placeholder: '<file>',
    help: 'private key of tls-cert (PEM)',
    fields: ['gateway.tlsKey'],
    defaultText: 'none',
    frequent: true,
  },
  {
    key: 'tls-ca',
    kind: 'text',
    group: 'Addresses and hosts',
    takers: ['up', 'gateway', 'look'],
    placeholder: '<file>',
    help: 'authorities (PEM): clients of the gateway must show a certificate of one of them; a command that calls a gateway accepts them beside those of the system',
    fields: ['gateway.tlsCa'],
    defaultText: 'none: no certificate of clients is asked for',
    frequent: true,
  },
  {
    key: 'tls-client',
    kind: 'text',
    group: 'Addresses and hosts',
    takers: ['up', 'gateway'],
    placeholder: '<rule>',
    help: 'with tls-ca: whether clients must show a certificate (require) or may (request)',
    choices: ['require', 'request'],
    fields: ['gateway.tlsClient'],
  },
];
