// The order of folders inside each package, from the bottom up (docs/ARCHITECTURE.md, "Where things live"). A folder
// imports only folders to its left and its own files. A name that ends in `.ts` is a file beside the folders; a name
// with a slash is a folder inside a folder and stands for itself.

/** @type {Readonly<Record<string, readonly string[]>>} */
export const layers = {
  agents: [
    'placement',
    'agents-client.ts',
    'errors.ts',
    'config.ts',
    'protocol',
    'definitions',
    'agent',
    'manager',
    'directory',
    'host',
    'client',
    'index.ts',
    'testing',
  ],
  fleet: ['errors.ts', 'protocol', 'config.ts', 'stream', 'routing', 'client', 'index.ts', 'testing'],
  gateway: [
    'errors.ts',
    'config.ts',
    'go-compat',
    'http',
    'observe',
    'model',
    'services.ts',
    'inference',
    'model-listing',
    'dialects',
    'dialects.ts',
    'gateway.ts',
    'index.ts',
    'testing',
    'golden',
  ],
};
