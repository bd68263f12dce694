import { InvalidArgumentError } from '@drover/actor-core';
import { readAlias, readTargets } from './names/alias.ts';
import { checkOidc, type OidcConfig, oidcDefaults } from './oidc/oidc-config.ts';
import { readTenantLimits } from './quota/limit-spec.ts';

/** Settings of a gateway. */
export interface GatewayConfig extends OidcConfig {
  /** Address to listen on. On a loopback address the Host header is checked as Ollama does. @default '127.0.0.1' */
  readonly host: string;
  /** Port to listen on; 0 for any free port. @default 11500 */
  readonly port: number;
  /** Port for gRPC, 0 for any free one; undefined for none. @default undefined */
  readonly grpcPort: number | undefined;
  /** File with the certificate of the gateway and its chain, PEM; '' for plain HTTP. @default '' */
  readonly tlsCert: string;
  /** File with the private key of `tlsCert`, PEM. Goes with `tlsCert`. @default '' */
  readonly tlsKey: string;
  /** File with the authorities that sign the certificates of clients, PEM; '' asks for none. @default '' */
  readonly tlsCa: string;
  /** Whether a client must show a certificate of `tlsCa`, or may. @default 'require' */
  readonly tlsClient: 'require' | 'request';
  /** Largest request body. @default 67_108_864 (64 MiB) */
  readonly maxBodyBytes: number;
  /**
   * Largest number of object members in one request body; more get 413. Parsing a new key takes up to 2 µs. @default
   * 100_000
   */
  readonly maxJsonKeys: number;
  /**
   * Largest number of values (elements, members, objects, arrays) in one request body; more get 413. @default 1_000_000
   */
  readonly maxJsonValues: number;
  /**
   * Largest number of bytes of the bodies of all running requests and their whole answers together; more get 503. At
   * least `maxBodyBytes`. @default 536_870_912 (512 MiB)
   */
  readonly maxHeldBytes: number;
  /** Largest answer that is not a stream. @default 268_435_456 (256 MiB) */
  readonly maxAnswerBytes: number;
  /**
   * Largest number of requests served at once; more get 503. A request counts once its body has arrived. Health,
   * metrics and status routes do not count. @default 2_048
   */
  readonly maxConcurrentRequests: number;
  /**
   * Largest number of open connections; a further connection closes the one that has been idle longest. Not below
   * `maxConcurrentRequests`, so that refused requests get an answer. @default 4_096
   */
  readonly maxConnections: number;
  /**
   * Milliseconds that a whole request may take, and the highest `x-drover-timeout-ms`; 0 for no deadline. A host that
   * is stuck is detected without a deadline. @default 0
   */
  readonly requestTimeoutMs: number;
  /**
   * Milliseconds from the moment when a request is inside an Ollama to the first byte of its answer; then another
   * instance is tried, else 504. An answer that is not streamed arrives in one piece, so it must be complete by then.
   * 0 for no deadline. @default 0
   */
  readonly firstByteTimeoutMs: number;
  /**
   * Longest time between two bytes of an answer, in milliseconds; after it the stream ends with an error. Ollama is
   * silent while a model writes a tool call. 0 for no deadline. @default 0
   */
  readonly interTokenTimeoutMs: number;
  /**
   * Milliseconds of silence in a stream of events (/v1, tasks of agents) after which a comment line is written, so that
   * proxies and clients with a read timeout keep the connection; 0 for never, as in Ollama. @default 0
   */
  readonly streamCommentMs: number;
  /** Milliseconds in which the headers of a request must arrive; 0 for no deadline. @default 10_000 */
  readonly headersTimeoutMs: number;
  /** Milliseconds in which a whole request must arrive; 0 for no deadline. @default 120_000 */
  readonly bodyTimeoutMs: number;
  /**
   * Milliseconds for which an idle connection is kept open; 0 for no limit. The default is longer than the usual 60 s
   * of a proxy. @default 75_000
   */
  readonly keepAliveTimeoutMs: number;
  /** A client that reads nothing for this many milliseconds is disconnected; 0 for never. @default 300_000 */
  readonly readerTimeoutMs: number;
  /** Milliseconds for which `stop` lets running requests continue. @default 10_000 */
  readonly drainTimeoutMs: number;
  /**
   * Milliseconds in which instances must answer for `/api/tags` and `/api/ps`; later ones are left out. @default 2_000
   */
  readonly describeTimeoutMs: number;
  /** Milliseconds in which nodes must answer for `/api/v1/actors`; later ones are listed as silent. @default 2_000 */
  readonly inspectTimeoutMs: number;
  /**
   * `keep_alive` for requests without one: `10m`, `0`, `-1` for no end; '' for the default of each host. @default ''
   */
  readonly keepAlive: string;
  /**
   * Other names for models, each as `NAME=MODEL` or `NAME=MODEL|MODEL`: of the models, the first that can serve does. A
   * name may hold wildcards `*`. @default []
   */
  readonly aliases: readonly string[];
  /**
   * What is done with a request for a model that no host has. `map`: it goes to `defaultModel`. `pull`: a host pulls
   * the model, if its name fits one of `pullModels`. @default 'refuse'
   */
  readonly unknownModel: 'refuse' | 'map' | 'pull';
  /**
   * Names of models that requests may have pulled, with `*` for any text; one without `/` fits Ollama's own library
   * alone. @default []
   */
  readonly pullModels: readonly string[];
  /** Models that may be pulled at the same time before a request begins another pull. @default 2 */
  readonly maxPulls: number;
  /** Largest model that a request may have pulled, bytes: a larger one is given up. @default 20 GiB */
  readonly maxPullBytes: number;
  /** Milliseconds that a request waits for a pull; then it is answered 503. @default 20_000 */
  readonly pullWaitMs: number;
  /** Model for unknown names, or several separated by `|`; '' for none. @default '' */
  readonly defaultModel: string;
  /**
   * What each tenant may ask of models, all its keys and all gateways together, each as
   * `TENANT=requests:600,tokens:100000,concurrent:8`; the tenant `*` is each other one. @default []
   */
  readonly tenantLimits: readonly string[];
  /** Browser origins allowed beside Ollama's own list (OLLAMA_ORIGINS); one `*` in each is a wildcard. @default [] */
  readonly origins: readonly string[];
  /** Host names that a gateway on a loopback address accepts beside local ones, e.g. of a proxy. @default [] */
  readonly allowedHosts: readonly string[];
  /**
   * File of the access log, one JSON line for each request; `-` for lines of the process's log at the level `info`; ''
   * for none. @default ''
   */
  readonly accessLog: string;
  /** Serve everyone on an address that other machines can reach, as long as the cluster has no key. @default false */
  readonly insecure: boolean;
  /**
   * Longest time, milliseconds, for which the store of the keys may not have answered; then requests with keys get 503,
   * because a revoked key could not be told from a valid one. 0 for no limit. @default 600_000
   */
  readonly maxKeyAgeMs: number;
  /**
   * What is recorded in the audit log. `requests`: refused requests, acts (keys, changes of the cluster), and allowed
   * requests to models and data. `acts`: without the allowed requests. `off`: nothing. @default 'requests'
   */
  readonly audit: 'requests' | 'acts' | 'off';
  /** Durability profile of the NATS, as the status shows it; 'unknown' for a NATS that Drover does not run. */
  readonly durability: string;
}

export const defaults: GatewayConfig = Object.freeze({
  host: '127.0.0.1',
  port: 11_500,
  grpcPort: undefined,
  tlsCert: '',
  tlsKey: '',
  tlsCa: '',
  tlsClient: 'require',
  maxBodyBytes: 64 * 1024 * 1024,
  maxJsonKeys: 100_000,
  maxJsonValues: 1_000_000,
  maxHeldBytes: 512 * 1024 * 1024,
  maxAnswerBytes: 256 * 1024 * 1024,
  maxConcurrentRequests: 2_048,
  maxConnections: 4_096,
  requestTimeoutMs: 0,
  firstByteTimeoutMs: 0,
  interTokenTimeoutMs: 0,
  streamCommentMs: 0,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 120_000,
  keepAliveTimeoutMs: 75_000,
  readerTimeoutMs: 300_000,
  drainTimeoutMs: 10_000,
  describeTimeoutMs: 2_000,
  inspectTimeoutMs: 2_000,
  keepAlive: '',
  aliases: Object.freeze([]) as readonly string[],
  unknownModel: 'refuse',
  pullModels: Object.freeze([]) as readonly string[],
  maxPulls: 2,
  maxPullBytes: 20 * 1024 ** 3,
  pullWaitMs: 20_000,
  defaultModel: '',
  tenantLimits: Object.freeze([]) as readonly string[],
  origins: Object.freeze([]) as readonly string[],
  allowedHosts: Object.freeze([]) as readonly string[],
  accessLog: '',
  insecure: false,
  maxKeyAgeMs: 600_000,
  audit: 'requests',
  durability: 'unknown',
  ...oidcDefaults,
});

/** Fields that may change while a gateway runs: each request reads them again. */
export const liveFields: readonly (keyof GatewayConfig)[] = [
  'maxConcurrentRequests',
  'requestTimeoutMs',
  'firstByteTimeoutMs',
  'interTokenTimeoutMs',
  'keepAlive',
  'aliases',
  'unknownModel',
  'pullModels',
  'maxPulls',
  'maxPullBytes',
  'pullWaitMs',
  'defaultModel',
  'tenantLimits',
  'origins',
  'allowedHosts',
];

const counts = [
  'maxBodyBytes',
  'maxJsonKeys',
  'maxJsonValues',
  'maxHeldBytes',
  'maxAnswerBytes',
  'maxConcurrentRequests',
  'maxConnections',
  'describeTimeoutMs',
  'inspectTimeoutMs',
  'maxPulls',
  'maxPullBytes',
] as const;

/** Timeouts that 0 turns off. */
const deadlines = [
  'requestTimeoutMs',
  'firstByteTimeoutMs',
  'interTokenTimeoutMs',
  'streamCommentMs',
  'headersTimeoutMs',
  'bodyTimeoutMs',
  'keepAliveTimeoutMs',
  'readerTimeoutMs',
  'maxKeyAgeMs',
  'pullWaitMs',
] as const;

/**
 * Completes `partial` with the defaults, checks the result and freezes it.
 *
 * @throws InvalidArgumentError naming the field: unknown, out of range, or in contradiction with another
 */
export function resolveConfig(partial: Partial<GatewayConfig> = {}): GatewayConfig {
  for (const field of Object.keys(partial)) {
    if (!Object.hasOwn(defaults, field))
      throw new InvalidArgumentError(field, 'is not a setting of the gateway');
  }
  const given = Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
  const config: GatewayConfig = { ...defaults, ...given, ...raisedBounds(given) };
  checkNumbers(config);
  checkRelations(config);
  checkTls(config);
  checkOidc(config);
  if (config.host === '') throw new InvalidArgumentError('host', 'must not be empty');
  if (!keepAlivePattern.test(config.keepAlive)) {
    throw new InvalidArgumentError(
      'keepAlive',
      `must be a duration such as 10m, 0 or -1 (got ${config.keepAlive})`,
    );
  }
  checkNames(config);
  if (!['requests', 'acts', 'off'].includes(config.audit))
    throw new InvalidArgumentError('audit', `must be requests, acts or off (got ${config.audit})`);
  return Object.freeze({
    ...config,
    aliases: Object.freeze([...config.aliases]),
    pullModels: Object.freeze([...config.pullModels]),
    tenantLimits: Object.freeze([...config.tenantLimits]),
    origins: Object.freeze(config.origins.map(checkOrigin)),
    allowedHosts: Object.freeze([...config.allowedHosts]),
    oidcAudience: Object.freeze([...config.oidcAudience]),
    oidcRoles: Object.freeze([...config.oidcRoles]),
  });
}

function checkNumbers(config: GatewayConfig): void {
  for (const field of counts) {
    if (!Number.isInteger(config[field]) || config[field] < 1) {
      throw new InvalidArgumentError(field, `must be a whole number above 0 (got ${config[field]})`);
    }
  }
  for (const field of deadlines) {
    if (!Number.isSafeInteger(config[field]) || config[field] < 0) {
      throw new InvalidArgumentError(
        field,
        `must be a whole number, 0 for no deadline (got ${config[field]})`,
      );
    }
  }
  for (const field of ['port', 'grpcPort'] as const) {
    const port = config[field] ?? 0;
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new InvalidArgumentError(field, `must be 0 to 65535 (got ${port})`);
  }
  if (!Number.isFinite(config.drainTimeoutMs) || config.drainTimeoutMs < 0) {
    throw new InvalidArgumentError('drainTimeoutMs', `must be 0 or more (got ${config.drainTimeoutMs})`);
  }
}

function checkNames({ aliases, unknownModel, pullModels, defaultModel, tenantLimits }: GatewayConfig): void {
  if (tenantLimits.length > maxTenantLimits)
    throw new InvalidArgumentError(
      'tenantLimits',
      `may be at most ${maxTenantLimits} (got ${tenantLimits.length})`,
    );
  for (const text of tenantLimits) readTenantLimits('tenantLimits', text);
  if (aliases.length > maxAliases)
    throw new InvalidArgumentError('aliases', `may be at most ${maxAliases} (got ${aliases.length})`);
  for (const alias of aliases) readAlias('aliases', alias);
  if (!['refuse', 'map', 'pull'].includes(unknownModel))
    throw new InvalidArgumentError('unknownModel', `must be refuse, map or pull (got ${unknownModel})`);
  if (pullModels.length > maxPullModels)
    throw new InvalidArgumentError(
      'pullModels',
      `may be at most ${maxPullModels} (got ${pullModels.length})`,
    );
  if (unknownModel === 'pull' && pullModels.length === 0)
    throw new InvalidArgumentError(
      'unknownModel',
      'must not be pull without pullModels: name what may be pulled',
    );
  if (defaultModel !== '') readTargets('defaultModel', defaultModel);
  else if (unknownModel === 'map')
    throw new InvalidArgumentError('unknownModel', 'must not be map without a defaultModel');
}

/** Every request of a tenant is compared with each of them. */
const maxTenantLimits = 1_000;

/** As many patterns as one key may have. */
const maxPullModels = 64;

/** Every request for a name that is not a model of the fleet is compared with each of them. */
const maxAliases = 256;

function checkTls({ tlsCert, tlsKey, tlsCa, tlsClient }: GatewayConfig): void {
  if (tlsCert !== '' && tlsKey === '')
    throw new InvalidArgumentError('tlsCert', 'goes with tlsKey: both files are needed');
  if (tlsKey !== '' && tlsCert === '')
    throw new InvalidArgumentError('tlsKey', 'goes with tlsCert: both files are needed');
  if (tlsCa !== '' && tlsCert === '')
    throw new InvalidArgumentError('tlsCa', 'goes with tlsCert and tlsKey: without them HTTP is plain');
  if (tlsClient !== 'require' && tlsClient !== 'request')
    throw new InvalidArgumentError('tlsClient', `must be require or request (got ${String(tlsClient)})`);
}

/** Checks the fields that bound one another. */
function checkRelations(config: GatewayConfig): void {
  if (config.bodyTimeoutMs > 0 && config.headersTimeoutMs > config.bodyTimeoutMs) {
    throw new InvalidArgumentError(
      'headersTimeoutMs',
      'must not be above bodyTimeoutMs: headers are part of the request',
    );
  }
  if (config.maxConnections < config.maxConcurrentRequests) {
    throw new InvalidArgumentError('maxConnections', 'must not be below maxConcurrentRequests');
  }
  if (config.maxHeldBytes < config.maxBodyBytes) {
    throw new InvalidArgumentError('maxHeldBytes', 'must not be below maxBodyBytes');
  }
}

/** Raises bounds that are not given, so that they are not below the given bounds. */
function raisedBounds(given: Partial<GatewayConfig>): Partial<GatewayConfig> {
  const { maxBodyBytes = 0, maxConcurrentRequests = 0 } = given;
  return {
    maxHeldBytes: given.maxHeldBytes ?? Math.max(defaults.maxHeldBytes, maxBodyBytes * bodiesHeld),
    maxConnections: given.maxConnections ?? Math.max(defaults.maxConnections, maxConcurrentRequests * 2),
  };
}

/** Number of bodies of the largest size that fit at once if only that size is given. */
const bodiesHeld = 2;

/** Empty, whole seconds, or a Go duration. */
const keepAlivePattern = /^(?:|-?\d+|-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/;

/** Checks an origin as Ollama checks OLLAMA_ORIGINS: with one `*` as a wildcard, or with a scheme. */
function checkOrigin(origin: string): string {
  if (origin.split('*').length > 2)
    throw new InvalidArgumentError('origins', `may have one * each (got ${origin})`);
  if (!origin.includes('*') && !originSchemes.some((scheme) => origin.startsWith(scheme))) {
    throw new InvalidArgumentError(
      'origins',
      `must begin with http:// or https:// or hold a * (got ${origin})`,
    );
  }
  // Browsers send lower case. Ollama converts its list to lower case too, except entries with a wildcard.
  return origin.includes('*') ? origin : origin.toLowerCase();
}

const originSchemes = [
  'http://',
  'https://',
  'chrome-extension://',
  'safari-extension://',
  'moz-extension://',
  'ms-browser-extension://',
];
