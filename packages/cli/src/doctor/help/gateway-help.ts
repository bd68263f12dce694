import { type HelpTable, sendAgain } from './error-help.ts';

/** Errors that the gateway finds before it asks a host or an agent. A test checks that none is missing. */
export const gatewayHelp: HelpTable<string> = {
  'key-required': {
    means:
      'The cluster has keys and the request carries none, or it has none and its gateway can be reached from outside.',
    fix: '`drover key create` makes a key; send it as `authorization: Bearer KEY` or `x-api-key: KEY`.',
  },
  'key-invalid': {
    means: 'The key of the request is unknown, its secret is wrong or was replaced, or it was revoked.',
    fix: 'Ask for a new key; `drover key ls` lists those that work.',
  },
  'key-expired': {
    means: 'The key of the request has expired.',
    fix: '`drover key create` makes another one.',
  },
  'token-invalid': {
    means:
      'The token of the request is not of the issuer, is for another audience, is not valid yet, or its signature is wrong.',
    fix: 'Compare `iss`, `aud`, `nbf` and `kid` of the token with --oidc-issuer, --oidc-audience and the keys of the issuer.',
  },
  'token-expired': {
    means: 'The token of the request has expired, or the clocks differ by more than --oidc-clock-skew.',
    fix: 'Ask the issuer for another token.',
  },
  'token-claim-invalid': {
    means: 'The token is valid, but a claim that tells the tenant or the models is missing or does not fit.',
    fix: 'Let the issuer add the claim that --oidc-tenant-claim or --oidc-models-claim names.',
  },
  'issuer-unavailable': {
    means: 'The issuer does not answer, so the gateway does not know the key of the token.',
    fix: `${sendAgain} Look whether the gateway reaches ISSUER/.well-known/openid-configuration.`,
  },
  'certificate-unknown': {
    means: 'The certificate that the client shows names no key, or more than one key has the name.',
    fix: '`drover key create --name NAME` with the common name of the certificate makes one; `drover key ls` shows those there are.',
  },
  'not-allowed': {
    means: 'The key of the request may not use the route: its roles or its list of routes do not cover it.',
    fix: '`drover explain KEY METHOD ROUTE` names the rule; `drover key create` makes a key that may.',
  },
  'model-not-allowed': {
    means: 'The key of the request may not use the model.',
    fix: '`drover explain KEY POST /api/chat --model NAME` names the rule.',
  },
  'keys-unknown': {
    means: 'The gateway has started and has not read the keys of the cluster yet.',
    fix: `${sendAgain} If it stays, look at JetStream with \`drover doctor\`.`,
  },
  'keys-stale': {
    means: 'The store of the keys has not answered for longer than --key-max-age.',
    fix: `${sendAgain} Look at JetStream with \`drover doctor\`; --key-max-age 0 removes the limit.`,
  },
  'audit-unavailable': {
    means:
      'The request was refused or changes the cluster, and the store does not take the audit record of it: nothing was done.',
    fix: `${sendAgain} If it stays, \`drover doctor\` says why (checks "audit" and "store"); a host of this release must run.`,
  },
  'key-not-found': {
    means: 'No key has that id, and none or several have that name.',
    fix: '`drover key ls` lists the ids.',
  },
  'key-ended': {
    means: 'The key was revoked or has expired, so it cannot get a new secret.',
    fix: '`drover key create` makes another one.',
  },
  'key-changed': {
    means: 'Another change of the same key came first, and this one was not made.',
    fix: 'Look at the key with `drover key ls` and repeat the command.',
  },
  'first-key-must-administer': {
    means: 'The cluster has no key yet: with a first key that cannot make others nobody could.',
    fix: '`drover key create --role admin` first, then the key that was wanted.',
  },
  'key-exists': {
    means: 'A request to make a key names an id that another key has.',
    fix: 'Make another id: 8 random bytes, hexadecimal.',
  },
  'too-many-keys': {
    means: 'The cluster has as many keys as it may have, revoked ones included.',
    fix: 'Use fewer keys: one for each program or person, renewed with `drover key rotate`.',
  },
  'too-many-streams': {
    means: 'The gateway serves as many streams of events as it may.',
    fix: 'Close streams that nobody reads, or start another gateway.',
  },
  'upgrade-required': {
    means: 'The route is a WebSocket, and the request did not ask for one.',
    fix: 'Open it with a WebSocket client: `new WebSocket("ws://HOST:11500/api/agents/ws")`.',
  },
  'host-not-found': {
    means: 'No node-agent has reported under the name in `?host=` or `x-drover-host`.',
    fix: 'Name a host that `drover status` shows, as NODE or NODE/INSTANCE.',
  },
  'request-id-in-use': {
    means:
      'A request with this `x-drover-request-id` is kept for its client, or this one is to be kept and the id is in use.',
    fix: 'Send another id, or none; `GET /api/v1/streams/{requestId}` goes on with a kept answer.',
  },
  'gateway-unanswered': {
    means: 'A gateway that may keep the answer for the client does not answer.',
    fix: 'Send the request again after the seconds in the header retry-after.',
  },
  'stream-not-found': {
    means: 'No gateway and no host keeps the answer to this request for this key, or not from that line on.',
    fix: 'Send the request again, with `x-drover-on-disconnect: keep=` and a longer time.',
  },
  'job-differs': {
    means: 'The same model is being changed there with other parameters.',
    fix: 'Wait until that job is over, or end it: `GET /api/v1/admin-jobs` shows it.',
  },
  'model-pulling': {
    means: 'No host had the model, and a host is pulling it for this request (`--unknown-model pull`).',
    fix: 'Send the request again after the seconds in the header retry-after; `GET /api/v1/admin-jobs` shows the progress.',
  },
  'pull-failed': {
    means:
      'No host has the model, and the host that was to pull it could not. The same is answered for a minute.',
    fix: 'Look at the reason in the message: disk, network or registry of that host.',
  },
  'pulls-busy': {
    means: 'No host has the model, and as many models are being pulled as requests may have (`--max-pulls`).',
    fix: 'Send the request again after the seconds in the header retry-after.',
  },
  'model-too-large': {
    means: 'No host has the model, and it is larger than requests may have pulled (`--max-pull-size`).',
    fix: 'Ask for a smaller one, or have an operator pull it: `drover pull MODEL`.',
  },
  'job-not-found': {
    means: 'There is no admin job with this id: it was ended, or is over for more than an hour.',
    fix: '`GET /api/v1/admin-jobs` lists the jobs.',
  },
  'memory-full': {
    means: 'The values of the replicated memory have reached the limit of their bucket.',
    fix: 'Remove values with `drover memory rm`, or give new ones a time to live.',
  },
  'merge-failed': {
    means: 'The merge function of the key cannot take the value, or the stored value is damaged.',
    fix: 'Send a value of the kind that the policy merges, such as JSON.',
  },
  'not-found': {
    means: 'The key has no value, or there is no such scope.',
    fix: '`drover memory ls --scope SCOPE` lists the keys.',
  },
  'policy-mismatch': {
    means: 'The first write of the key fixed another conflict policy.',
    fix: 'Leave the policy out, or remove the key first. A CRDT is changed by operations.',
  },
  'revision-mismatch': {
    means: 'The key does not have the revision that the request requires; another writer was first.',
    fix: 'Read the key again, decide anew, and send the request with the new revision.',
  },
  'value-too-large': {
    means: 'The value exceeds the limit of the replicated memory.',
    fix: 'Split the value, or store a reference to it.',
  },
  'value-damaged': {
    means: 'The blob that has the value of the key is not in the store, or is not what was stored.',
    fix: 'Put the value again, or restore the store from a backup.',
  },
  'write-unknown': {
    means: 'The store did not confirm the write, which may have happened.',
    fix: 'Read the key with `read=fresh` and compare its revision before you write again.',
  },
  'lease-lost': {
    means: 'The lease of the message is over or was given up; another taker has the message or will have it.',
    fix: 'Drop the work, or take the message again. Extend the lease before it ends when the work takes longer.',
  },
  'message-not-found': {
    means: 'The queue has no message with that id: it was acknowledged or cancelled.',
    fix: 'Nothing is left to do; correct the id if that is unexpected.',
  },
  'message-too-large': {
    means: 'The body of the message is larger than a queue takes.',
    fix: 'Put a smaller body, or a reference to content that is stored elsewhere.',
  },
  'queue-full': {
    means: 'The queue, or all queues together, hold as many messages as they may, dead ones included.',
    fix: 'Start more takers; cancel dead messages that nobody needs, or replay them.',
  },
  'queue-not-empty': {
    means: 'The queue still has messages.',
    fix: 'Take them first, or remove the queue with `drover queue rm --discard-messages`.',
  },
  'queue-not-found': {
    means: 'No message was ever put into a queue of that name, or the queue was removed.',
    fix: '`drover queue ls` lists the queues.',
  },
  'too-many-queues': {
    means: 'The tenant has as many queues as it may have.',
    fix: 'Remove one with `drover queue rm`.',
  },
  'rate-limited': {
    means:
      'The key or its tenant has sent as many requests, or used as many tokens, in the last minute as it may, or runs as many requests.',
    fix: 'Send the request again after the time in retry-after. `drover key ls` shows the limits of keys; those of tenants are the setting tenant-limit.',
  },
  'budget-spent': {
    means: 'The key has used its tokens of this day or month, counted in UTC.',
    fix: 'Wait for the next day or month, or make a key with a higher --tokens-per-day or --tokens-per-month. `drover usage` shows what was used.',
  },
  'limits-unknown': {
    means: 'The gateway has just started and has not read yet what the other gateways let in.',
    fix: 'Send the request again after a second. Look at JetStream with `drover doctor` if this goes on.',
  },
  'bad-encoding': {
    means: 'The body has a content-encoding that the gateway cannot read.',
    fix: 'Send the body without encoding, or with zstd on the routes where Ollama accepts it.',
  },
  'body-broken': {
    means: 'The body ended before it was complete, or its framing is wrong.',
    fix: 'Check the client and each proxy in between: content-length must match the body.',
  },
  'body-timeout': { means: 'The body did not arrive in time.', fix: 'Send faster, or raise --body-timeout.' },
  'body-too-complex': {
    means: 'The JSON of the body is nested too deeply.',
    fix: 'Send a flatter document.',
  },
  'body-too-large': { means: 'The body is larger than allowed.', fix: 'Send less, or raise --max-body.' },
  'cloud-disabled': {
    means: 'The name is that of a model in the cloud of Ollama, which a fleet does not use.',
    fix: 'Use the name of a model on a host.',
  },
  'gateway-full': {
    means:
      'The gateway serves its largest number of requests, or their bodies need more memory than it has for them.',
    fix: `${sendAgain} Raise --max-streams, or start another gateway.`,
  },
  'gateway-stopping': {
    means: 'The gateway is being stopped.',
    fix: 'Send the request to another gateway, or again.',
  },
  internal: {
    means: 'A defect of the gateway.',
    fix: 'The log of the gateway has the reason; please report it with the request id.',
  },
  'invalid-header': {
    means: 'A header has a wrong value.',
    fix: 'Correct the header that the message names.',
  },
  'invalid-json': {
    means: 'The body is no JSON.',
    fix: 'Send JSON; the message names the position of the first error.',
  },
  'invalid-model-name': { means: 'No model can have that name.', fix: 'Correct the name.' },
  'invalid-type': {
    means: 'A field has the wrong type.',
    fix: 'Correct the field that the message names.',
  },
  'method-not-allowed': {
    means: 'The route exists, but not for this method.',
    fix: 'Use one of the methods in the header Allow.',
  },
  'model-required': { means: 'The request names no model.', fix: 'Give a name in the field model.' },
  'no-such-route': {
    means: 'This gateway has no such route; it may be older than the client.',
    fix: 'Correct the path, or update the gateway.',
  },
  'node-not-found': {
    means: 'No node has that name, or no Ollama of the node has it.',
    fix: '`drover status` lists them.',
  },
  'node-ended': {
    means: 'The node has already left the cluster or was declared dead.',
    fix: 'Nothing: a process that starts again under this id joins as a new incarnation.',
  },
  'view-unanswered': {
    means: 'The control leader did not answer in time; it may have changed the view.',
    fix: '`drover cluster members` shows whether the state has changed; else repeat the command.',
  },
  'not-eligible': {
    means: 'The node cannot become a voter: it is no host, is not alive, or is not "up" in the view.',
    fix: 'Start the node with `drover host`, wait until `drover cluster members` shows it as up, and repeat the command.',
  },
  'already-voter': {
    means: 'The node is a voter already.',
    fix: 'Nothing: `drover cluster voters` shows the voters.',
  },
  'not-a-voter': {
    means: 'The node that should be removed from the voters is none.',
    fix: '`drover cluster voters` shows the voters.',
  },
  'too-many-voters': {
    means: 'There are five voters, which is the most.',
    fix: 'Remove one with `drover cluster voters remove NODE` first.',
  },
  'last-voter': {
    means: 'The node is the only voter, and without a voter no leader can be elected.',
    fix: 'Add another host with `drover cluster voters add NODE` first.',
  },
  'no-quorum': {
    means: 'After the change too few of the voters would be alive to elect a leader.',
    fix: 'Start the voters that are missing, or remove those first.',
  },
  conflict: {
    means: 'Another change of the voters came first.',
    fix: 'Look at `drover cluster voters` and repeat the command.',
  },
  'voters-unanswered': {
    means: 'The control leader did not answer in time; it may have changed the voters.',
    fix: '`drover cluster voters` shows whether they have changed; else repeat the command.',
  },
  'group-not-found': {
    means: 'The gateway has never heard a leader of a group with this name.',
    fix: '`drover status` lists the groups.',
  },
  'no-candidate': {
    means: 'No other node can lead the group.',
    fix: 'Start another host with `drover host`; for the group control, also add it to the voters.',
  },
  'not-a-candidate': {
    means:
      'The node cannot lead the group: it is no host, is not alive, or for the group control is no voter.',
    fix: 'Name another host, or leave out --to; `drover cluster voters add NODE` makes a host a voter.',
  },
  'not-taken': {
    means: 'The other host did not take over in time, and the leader goes on.',
    fix: 'Look at the log of the other host, and repeat the command.',
  },
  'transfer-unanswered': {
    means: 'The leader of the group did not answer in time; it may have handed over.',
    fix: '`drover status` shows who leads; else repeat the command.',
  },
  'request-not-found': {
    means: 'This gateway has no record of a request with that id.',
    fix: 'Ask the gateway that served the request, soon after the request.',
  },
  'setting-not-found': {
    means: 'No setting of that name can change while the cluster runs.',
    fix: '`drover config ls` lists the settings that can; restart the processes with another value for any other.',
  },
  'too-many-inspections': {
    means: 'The gateway performs its largest number of inspections of actors.',
    fix: sendAgain,
  },
};
