// Helpers of the benchmarks that drive browsers: processes that print "listening ADDRESS", tables, figures.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const started = [];

/** Builds Go commands into a temporary folder; returns name → path. */
export function build(...names) {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-bench-'));
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name.replaceAll('/', '-'));
      execFileSync('go', ['build', '-o', path, `./bench/${name}`], { cwd: root, stdio: 'inherit' });
      return [name, path];
    }),
  );
}

/** Starts a program and waits for "listening ADDRESS"; gives the address. stopAll() ends it. */
export function serve(path, ...args) {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`${path} ended with ${code}`)));
    child.stdout.on('data', (d) => {
      const m = /listening (\S+)/.exec(String(d));
      if (m) resolve(m[1]);
    });
  });
}

export function stopAll() {
  for (const child of started.splice(0)) {
    child.removeAllListeners('exit');
    child.kill();
  }
}

/** Share of the processors' time that was idle since `before`, and a new mark. */
export function idle(before) {
  const sums = cpus().reduce((s, { times: t }) => ({ idle: s.idle + t.idle, all: s.all + t.idle + t.user + t.sys + t.nice + t.irq }), { idle: 0, all: 0 });
  return { ...sums, share: before ? (sums.idle - before.idle) / (sums.all - before.all) : null };
}

export function quantile(sorted, q) {
  if (!sorted.length) return NaN;
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
}

/** Median, p95, min and max of numbers. */
export function figures(values) {
  const s = [...values].sort((a, b) => a - b);
  return { n: s.length, min: s[0], median: quantile(s, 0.5), p95: quantile(s, 0.95), max: s.at(-1) };
}

export function table(rows) {
  const columns = Object.keys(rows[0]);
  const width = Object.fromEntries(columns.map((c) => [c, Math.max(c.length, ...rows.map((r) => String(r[c]).length))]));
  const line = (cells) => columns.map((c, i) => (i ? String(cells[c]).padStart(width[c]) : String(cells[c]).padEnd(width[c]))).join('  ');
  console.log(line(Object.fromEntries(columns.map((c) => [c, c]))));
  for (const r of rows) console.log(line(r));
}

/** Writes bench/out/NAME.json. */
export function save(name, value) {
  const out = join(root, 'bench/out');
  mkdirSync(out, { recursive: true });
  const model = /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  writeFileSync(join(out, `${name}.json`), JSON.stringify({ name, at: new Date().toISOString(), cpus: cpus().length, model, ...value }, null, 1));
}
