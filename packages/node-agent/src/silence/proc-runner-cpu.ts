import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { RunnerCpu, RunnerSample } from './runner-cpu.ts';

/** Length of the ticks in which Linux counts CPU time, on every architecture that Node supports. */
const tickMs = 10;
const serverName = 'ollama';
const listening = '0A';

interface ProcessFacts {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly cpuMs: number;
}

/**
 * Observes the runners of an Ollama on this machine in `/proc`: the children of the process that listens on its port.
 * Their names differ (`llama-server`, a wrapper around it, `ollama runner` before version 0.30). Undefined for an
 * address of another machine, and on systems other than Linux: this is the only call of the package that depends on
 * the operating system. With a container or a tunnel the listening process is not Ollama, and the runners are
 * unknown.
 */
export function createProcRunnerCpu(url: string, root = '/proc'): RunnerCpu | undefined {
  const { hostname, port, protocol } = new URL(url);
  if (process.platform !== 'linux' || !isThisMachine(hostname)) return undefined;
  const listenPort = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  let server: number | undefined;
  return {
    async sample(): Promise<readonly RunnerSample[] | undefined> {
      const processes = await listProcesses(root);
      const isServer = ({ pid, name }: ProcessFacts): boolean => pid === server && name === serverName;
      if (!processes.some(isServer)) server = await findServer(root, processes, listenPort);
      if (server === undefined) return undefined;
      return processes.filter(({ parent }) => parent === server).map(({ pid, cpuMs }) => ({ pid, cpuMs }));
    },
  };
}

function isThisMachine(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (address === 'localhost' || address === '::1' || address.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some((entry) => entry.address === address));
}

/**
 * The Ollama process that listens on the port. If the open files of its user cannot be read (Ollama often runs as its
 * own user), the only Ollama server of the machine is used, provided that the socket belongs to that server's user: a
 * socket of another user may be a tunnel to another machine.
 */
async function findServer(
  root: string,
  processes: readonly ProcessFacts[],
  port: number,
): Promise<number | undefined> {
  const named = processes.filter(({ name }) => name === serverName);
  const servers = named.filter(({ parent }) => !named.some(({ pid }) => pid === parent));
  const sockets = await listeningSockets(root, port);
  const hidden: number[] = [];
  for (const { pid } of servers) {
    const open = await openSockets(root, pid);
    if (open === undefined) hidden.push(pid);
    else if (sockets.some(({ inode }) => open.includes(inode))) return pid;
  }
  const [only] = hidden;
  if (only === undefined || servers.length > 1) return undefined;
  const user = await stat(`${root}/${only}`).catch(() => undefined);
  return user !== undefined && sockets.some(({ uid }) => uid === user.uid) ? only : undefined;
}

async function listProcesses(root: string): Promise<ProcessFacts[]> {
  const names = await readdir(root).catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  const facts = await Promise.all(pids.map((pid) => readProcess(root, pid)));
  return facts.filter((fact) => fact !== undefined);
}

/** Parses `pid (name) state parent … utime stime …`. The name can hold any character, also parentheses. */
async function readProcess(root: string, pid: string): Promise<ProcessFacts | undefined> {
  const text = await readText(`${root}/${pid}/stat`);
  const from = text.indexOf('(');
  const to = text.lastIndexOf(')');
  if (from < 0 || to < 0) return undefined;
  const fields = text.slice(to + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    pid: Number(pid),
    name: text.slice(from + 1, to),
    parent: Number(fields[1]),
    cpuMs: ticks * tickMs,
  };
}

interface ListeningSocket {
  readonly inode: string;
  readonly uid: number;
}

/** The sockets that listen on the port. */
async function listeningSockets(root: string, port: number): Promise<readonly ListeningSocket[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readText(`${root}/net/${table}`)));
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return tables
    .flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter((columns) => columns[1]?.endsWith(suffix) === true && columns[3] === listening)
    .map((columns) => ({ uid: Number(columns[7]), inode: columns[9] ?? '' }));
}

/** Inodes of a process's open sockets; undefined when the process belongs to another user. */
async function openSockets(root: string, pid: number): Promise<readonly string[] | undefined> {
  const folder = `${root}/${pid}/fd`;
  const files = await readdir(folder).catch(() => undefined);
  if (files === undefined) return undefined;
  const targets = await Promise.all(files.map((file) => readlink(`${folder}/${file}`).catch(() => '')));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
