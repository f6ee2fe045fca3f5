// Runs the Dockerfile without a container engine, as root on Linux: its steps on this machine's Node and Go instead of the
// images, each stage in a file system of its own under /src and /out, over a copy of the tree without what .dockerignore
// names; then the last stage as it would run: nothing but what was copied into it, a read-only root, user 65532, no rights.
//   node deploy/docker/try.mjs
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, chmodSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const top = resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'passerby-image-'));
const file = readFileSync(join(import.meta.dirname, 'Dockerfile'), 'utf8');
const ignored = readFileSync(join(import.meta.dirname, 'Dockerfile.dockerignore'), 'utf8').split('\n').filter((l) => l && !l.startsWith('#'));
// Patterns as the file uses them: a path, **/name, **/*.ending.
const leftOut = (path) => ignored.some((p) => (p.startsWith('**/*') ? path.endsWith(p.slice(4)) : p.startsWith('**/') ? path.split('/').includes(p.slice(3)) : path === p));

const context = join(scratch, 'context');
cpSync(top, context, { recursive: true, filter: (from) => !leftOut(relative(top, from)) });

const stages = {};
let stage;
for (const line of file.replace(/\\\n/g, ' ').split('\n')) {
  const [word, ...rest] = line.trim().split(/\s+/);
  const text = rest.join(' ');
  if (word === 'FROM') {
    stage = { root: join(scratch, rest[2] ?? 'last'), dir: '/', env: {}, args: {} };
    for (const d of ['src', 'out', 'etc/ssl/certs']) mkdirSync(join(stage.root, d), { recursive: true });
    stages[rest[2] ?? 'last'] = stage;
  } else if (word === 'WORKDIR') {
    stage.dir = text;
    mkdirSync(join(stage.root, text), { recursive: true });
  } else if (word === 'ARG') {
    const [name, value] = text.split('=');
    stage.args[name] = value ?? '';
  } else if (word === 'ENV') {
    const [name, value] = text.split('=');
    stage.env[name] = value;
  } else if (word === 'COPY') {
    const from = rest.find((w) => w.startsWith('--from='))?.slice(7);
    const words = rest.filter((w) => !w.startsWith('--'));
    const to = words.pop();
    const base = from ? stages[from].root : context;
    for (const w of words) {
      const source = join(base, w);
      const target = join(stage.root, resolve(stage.dir, to), !to.endsWith('/') || w.endsWith('/') ? '' : w.split('/').pop());
      mkdirSync(dirname(target), { recursive: true });
      cpSync(source, target, { recursive: true });
    }
  } else if (word === 'RUN') {
    console.log('RUN', text);
    // The stage's /src and /out lie over this machine's, for this command alone.
    const mounts = ['src', 'out'].map((d) => `mkdir -p /${d} && mount --bind ${stage.root}/${d} /${d}`).join(' && ');
    execFileSync('unshare', ['-m', 'bash', '-euc', `${mounts}; cd ${stage.dir}; ${text}`], { stdio: 'inherit', env: { ...process.env, ...stage.args, ...stage.env } });
  }
}

const last = stages.last;
for (const d of ['src', 'out']) rmSync(join(last.root, d), { recursive: true }); // ours, not the image's
if (existsSync('/etc/ssl/certs/ca-certificates.crt')) cpSync('/etc/ssl/certs/ca-certificates.crt', join(last.root, 'etc/ssl/certs/ca-certificates.crt'), { dereference: true });
for (const d of [scratch, last.root]) chmodSync(d, 0o755);
execFileSync('chown', ['-R', '65532:65532', join(last.root, 'data')]);
console.log('the image holds:', readdirSync(last.root).join(' '));
// A bind mount of the root, read-only but for /data, and chroot as nobody: that leaves no capabilities either.
const env = { ...last.env, PASSERBY_HTTP: '127.0.0.1:0', PASSERBY_ADMIN: '127.0.0.1:19090', PASSERBY_UDP: ':0', PASSERBY_TCP: 'off', PASSERBY_TURN_LISTEN: 'off' };
const inside = (command) => [
  '-m', 'bash', '-euc',
  `mount --bind ${last.root} ${last.root}; mount --bind ${last.root}/data ${last.root}/data; mount -o remount,ro,bind ${last.root}
   exec env -i ${Object.entries(env).map(([k, v]) => `${k}=${v}`).join(' ')} /usr/sbin/chroot --userspec=65532:65532 ${last.root} ${command}`,
];
const server = spawn('unshare', inside('/passerby serve'), { stdio: ['ignore', 'inherit', 'inherit'] });
let well = false;
for (let i = 0; i < 120 && !well && server.exitCode === null; i++) {
  await new Promise((r) => setTimeout(r, 500));
  try {
    execFileSync('unshare', inside('/passerby health --ready'), { stdio: 'pipe' });
    well = true;
  } catch {}
}
const status = well ? readFileSync(`/proc/${server.pid}/status`, 'utf8') : '';
console.log(well ? `well; ${/Uid:.*/.exec(status)?.[0]}; ${/CapEff:.*/.exec(status)?.[0]}` : 'it does not come up');
console.log('in /data:', readdirSync(join(last.root, 'data')).join(' '));
const ended = server.exitCode !== null || new Promise((r) => server.on('exit', (code) => r(console.log('after SIGTERM: exit', code))));
server.kill('SIGTERM');
await ended;
rmSync(scratch, { recursive: true, force: true });
process.exit(well ? 0 : 1);
