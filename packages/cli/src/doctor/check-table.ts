/**
 * Description of a check of `drover doctor` and the fix for its fault. The troubleshooting page is generated from it.
 */
export interface CheckHelp {
  /** What the check does, one sentence. */
  readonly does: string;
  /** What a fault means, one sentence. */
  readonly means: string;
  /** What to do. A report can replace it by a more exact text. */
  readonly fix: string;
}

/** Names of the checks in `doctor --json`. Names are only added. */
export type CheckName =
  | 'gateway'
  | 'certificate'
  | 'nodes'
  | 'names'
  | 'flapping'
  | 'control'
  | 'view'
  | 'versions'
  | 'hosts'
  | 'models'
  | 'copies'
  | 'refusals'
  | 'tokens'
  | 'agents'
  | 'store'
  | 'replicas'
  | 'quarantine'
  | 'memory'
  | 'audit'
  | 'queues'
  | 'actors'
  | 'voters'
  | 'nats'
  | 'disk'
  | 'store folder'
  | 'data folder'
  | 'open address'
  | 'clock'
  | 'open files'
  | 'node'
  | 'door'
  | 'keys'
  | 'tls'
  | 'browsers'
  | 'files'
  | 'bus'
  | 'monitoring'
  | 'contents'
  | 'audit log';

/** All checks, in the order of the report; those from `door` on belong to `--security`. */
export const checkTable: Readonly<Record<CheckName, CheckHelp>> = {
  gateway: {
    does: 'Asks the gateway for its status.',
    means: 'No gateway answers at that address, or another program answers.',
    fix: 'start one with "drover up", or name its address with --url',
  },
  certificate: {
    does: 'Reads when the certificate of the gateway expires, and whether the files of --tls-cert and --tls-key are the ones that it serves.',
    means:
      'The certificate expires within 30 days or has expired, or the files were changed to ones that do not fit.',
    fix: 'put a new certificate and its key into the files of --tls-cert and --tls-key: the gateway takes them up by itself',
  },
  nodes: {
    does: 'Compares the age of the last message of each node with 5 s.',
    means: 'A process has ended, hangs, or has no connection to NATS.',
    fix: 'look at the process: it has ended, is frozen or has no connection to NATS',
  },
  names: {
    does: 'Looks for a second process that announces itself under the id of a node.',
    means:
      'Two processes have the same node id: the older one is no longer part of the cluster, but still uses its Ollama.',
    fix: 'end one of the two processes, or give it an id of its own with --id',
  },
  flapping: {
    does: 'Counts how often the gateway lost each node, and saw it start anew, in the last ten minutes.',
    means:
      'A node is lost and comes back again and again: its work is placed anew each time, and its answers are late.',
    fix: 'look at the log of that node: it restarts, its machine is overloaded, or its connection to NATS breaks',
  },
  control: {
    does: 'Looks for a control leader that was heard within the last 5 s.',
    means:
      'No node is admitted to the view or declared dead: running work goes on, and nothing is placed anew.',
    fix: 'start a host ("drover host"), or look at the log of the host and at the check "store"',
  },
  view: {
    does: 'Compares the members of the view with what the gateway hears of them.',
    means:
      'A member is unreachable and not declared dead, so that its actors count as alive; or a node is not in the view.',
    fix: 'look at that process and its connection to NATS; if it is gone for good, "drover cluster leave NODE"',
  },
  versions: {
    does: 'Compares the versions that the members of the view state.',
    means: 'An upgrade is under way, or a node was forgotten. Two neighbouring releases work together.',
    fix: 'finish the upgrade',
  },
  hosts: {
    does: 'Reads the state of each Ollama in the load reports of the node-agents.',
    means: 'An Ollama does not answer its node-agent, or another program answers at its address.',
    fix: 'start Ollama there ("ollama serve") and look at its node-agent\'s log',
  },
  models: {
    does: 'Counts the models on the hosts that are ready.',
    means: 'The hosts are ready and have no model to run.',
    fix: 'ollama pull llama3.2',
  },
  copies: {
    does: 'Compares the digests of each model name on all hosts.',
    means: 'One name has different contents: the answer depends on the host that serves the request.',
    fix: 'pull the model again on the hosts that have the older copy',
  },
  refusals: {
    does: 'Reads which hosts refused their last requests.',
    means: 'A host answers probes and refuses requests; requests go to other hosts meanwhile.',
    fix: 'look at the log of that host and restart its Ollama',
  },
  tokens: {
    does: 'Requests one token from each Ollama with a loaded model, and the version and loaded models from each other Ollama; --deep loads the smallest model first.',
    means: 'An Ollama that passes its probes does not answer a request.',
    fix: 'look at the log of that Ollama and restart it',
  },
  agents: {
    does: 'Looks for an agent host that is alive: a node with the role host.',
    means: 'No agent runs, and no agent or run is recorded.',
    fix: 'start one with "drover host"',
  },
  store: {
    does: 'Has the leader of the agents write a record under its fence and read it back, and reads how full JetStream is.',
    means:
      'No leader has proved within 8 s that JetStream keeps records: new agents, submitted tasks and their results can be lost.',
    fix: 'see the code of the fault below',
  },
  replicas: {
    does: 'Reads from the hosts which logs have fewer copies than the durability profile and their settings want.',
    means: 'Records would not survive the loss of a server, although the cluster promises that.',
    fix: 'start the missing nats-server, and start each host with the same --nats-replicas; what exists then grows',
  },
  quarantine: {
    does: 'Reads from the hosts which journals are quarantined.',
    means:
      'Stored events or snapshots do not fit the program that reads them: that entity handles no message. All its data is kept.',
    fix: 'run the program version that wrote them, or one that can read them: it recovers by itself',
  },
  memory: {
    does: 'Compares the time by which the gateway is behind the changes of the replicated memory with 5 s.',
    means: 'The watch is silent or late: cached reads are old, and events are missing or late.',
    fix: 'look at the check "store" and at the log of the gateway; reads of the levels leader and fresh are not affected',
  },
  audit: {
    does: 'Asks the gateway whether the store takes its audit records, and whether it lacks some that were signed.',
    means:
      'Requests without a right, changes of keys and changes of the cluster get 503 until they can be recorded; or records were removed.',
    fix: 'look at the check "store", and run "drover audit verify" afterwards',
  },
  queues: {
    does: 'Counts the dead messages of all queues.',
    means:
      'Messages were delivered as often as allowed, and no taker acknowledged them: they wait for a person.',
    fix: 'read them with "drover queue dead QUEUE"; "drover queue replay QUEUE" delivers them again',
  },
  actors: {
    does: 'Asks every node which of its actors failed too often and stay down.',
    means: 'An actor was given up, or a node that is alive does not answer.',
    fix: '"drover actors" shows the last failure and what to do',
  },
  voters: {
    does: 'Asks the control leader who the voters are, and compares them with the nodes that the gateway hears.',
    means: 'A voter is missing: fewer further losses leave a majority that can elect a control leader.',
    fix: 'start that host again, or replace it: "drover cluster voters remove NODE", then "add NODE"',
  },
  nats: {
    does: 'Connects to the NATS of the data folder and reads its version, its max_payload, and whether it has JetStream.',
    means: 'The nodes cannot exchange messages, or the server does not meet the needs of Drover.',
    fix: 'start it; drover up restarts its own by itself',
  },
  disk: {
    does: 'Reads the free space of the disk with the data folder.',
    means:
      'JetStream stops confirming writes when the disk is full, and confirms none until nats-server is restarted.',
    fix: 'make room on that disk; drover up then restarts its nats-server by itself, another one has to be restarted',
  },
  'store folder': {
    does: 'Looks for the folder of JetStream in the data folder of a running drover up.',
    means:
      'The store was deleted while the server ran: records that are only in the memory of the server are lost at its next start.',
    fix: 'stop drover up, put the folder back from a copy, and start again; without a copy the agents and runs are lost',
  },
  'data folder': {
    does: 'Reads the permissions of the data folder.',
    means: 'The folder holds the keys of the cluster: a user who can read it can join and read everything.',
    fix: 'chmod 700 the folder',
  },
  'open address': {
    does: 'Reads the address that the gateway of the running drover up listens on, and whether the cluster has keys.',
    means: 'Every machine that can reach the address can use the fleet, because no key is needed.',
    fix: '`drover key create --role admin`: from then on every gateway asks for a key; or leave --host at 127.0.0.1',
  },
  clock: {
    does: 'Compares the clock of this machine with that of the gateway.',
    means:
      'Times in records and logs of the two machines do not agree; fencing tokens and leases do not depend on them.',
    fix: 'synchronise both clocks with NTP',
  },
  'open files': {
    does: 'Reads how many files a process may have open.',
    means: 'The gateway will refuse connections although it could serve more requests.',
    fix: 'ulimit -n 4096',
  },
  node: {
    does: 'Reports the version of Node that runs this command.',
    means: 'The version is for bug reports and is never a fault.',
    fix: '',
  },
  door: {
    does: 'Asks the gateway without a key, and with a key that nobody has.',
    means: 'Whoever reaches the address of the gateway can use the fleet.',
    fix: '`drover key create --role admin`: from then on every gateway asks for a key; or leave --host at 127.0.0.1',
  },
  keys: {
    does: 'Reads the keys of the cluster and what each of them asked of models: none, expired, old, not used, too broad.',
    means: 'A key that is lost or stolen would let in more, or for longer, than its clients need.',
    fix: '`drover key create --role admin`: from then on every gateway asks for a key',
  },
  tls: {
    does: 'Shakes hands with the gateway: plain HTTP, old versions of TLS, weak or expiring certificates.',
    means: 'Somebody on the way can read keys and prompts, or soon no client will connect.',
    fix: 'start the gateway with --tls-cert and --tls-key',
  },
  browsers: {
    does: 'Sends requests as pages of a foreign site would, and one for a foreign Host.',
    means: 'A web page that a user of this machine opens can use the fleet.',
    fix: 'run this version of Drover behind no proxy that changes the headers Host and Origin',
  },
  files: {
    does: 'Reads the modes and owners of the data folder, of its secrets, and of the key of --tls-key and the file of --creds.',
    means: 'Another user of this machine can read a secret and enter the cluster.',
    fix: 'chmod 600 the files, chmod 700 the folder',
  },
  bus: {
    does: 'Connects to NATS without credentials, and with those of a node-agent to try what it may not do.',
    means: 'There is a way to the records and messages of the cluster past the gateways.',
    fix: 'let drover up run its own NATS, or give NATS users with permissions',
  },
  monitoring: {
    does: 'Looks for the monitoring pages of NATS (port 8222) at addresses that other machines reach.',
    means: 'They ask for no credentials, and show connections, accounts and streams.',
    fix: 'leave http_port out of the configuration of NATS, or set http: 127.0.0.1:8222',
  },
  contents: {
    does: 'Lists which contents of requests are stored, and for how long.',
    means: 'Contents are stored where others can read them.',
    fix: 'see docs/SECURITY.md, Contents at rest',
  },
  'audit log': {
    does: 'Reads all audit records and verifies them with the keys of the data folder, as "drover audit verify" does.',
    means: 'Nothing is recorded, or somebody changed, removed or wrote anew what is recorded.',
    fix: '"drover audit verify" names each record; on other machines than that of the gateways it needs --public-key',
  },
};
