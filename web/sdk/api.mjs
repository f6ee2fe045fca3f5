// The API reference, from the types and doc comments that the compiler has written: what index.d.ts exports, in its order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Markdown: each name with its comment, and its declaration with those of its members. */
export function apiReference(types) {
  const passedOn = (source, name) => {
    const files = [...source.matchAll(/export (?:type )?(?:\{[^}]*\}|\*) from '\.\/([^']*)'/g)].map(([, file]) => file);
    for (const file of files) {
      const found = declaration(text(file), name);
      if (found) return found;
    }
    throw new Error(`no declaration of ${name}`);
  };
  const text = (name) => readFileSync(join(types, `${name}.d.ts`), 'utf8');
  const index = text('index');
  const parts = ['# @passerby/client: reference', '', '<!-- Written by "npm run build:sdk" from the comments in src/. -->'];
  for (const [, names, file] of index.matchAll(/export (?:type )?\{([^}]*)\} from '\.\/([^']*)'/g)) {
    const source = text(file);
    for (const entry of names.split(',').map((name) => name.trim()).filter(Boolean)) {
      const [name, shown = name] = entry.replace(/^type /, '').split(' as ');
      const { comment, code } = declaration(source, name) ?? passedOn(source, name);
      parts.push('', `## ${shown}`, '', ...(comment ? [comment, ''] : []), '```ts', code.replace(new RegExp(`\\b${name}\\b`), shown), '```');
    }
  }
  return `${parts.join('\n')}\n`;
}

/** A declaration of the file with the comment above it; null when it is not there. */
function declaration(source, name) {
  const found = new RegExp(`(?:/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n)?export (?:declare )?(?:class|interface|type|function|const) ${name}\\b`).exec(source);
  if (!found) return null;
  const start = found.index + found[0].lastIndexOf('export ');
  let depth = 0;
  let end = start;
  for (; end < source.length; end++) {
    if (source[end] === '{') depth++;
    if (source[end] === '}' && --depth === 0 && source[end + 1] !== ';' && !/^[ \[|]/.test(source[end + 1] ?? '')) break;
    if (source[end] === ';' && depth === 0) break;
  }
  const code = source.slice(start, end + 1).replace('export declare ', '').replace('export ', '').replace(/ {4}#private;\n/, '');
  const comment = found[1]?.split('\n').map((line) => line.replace(/^\s*\*? ?/, '')).join(' ').trim();
  return { comment, code };
}
