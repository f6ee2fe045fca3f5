/** Interests as they will be compared: the server folds them in the same way (docs/protocol.md). */

export const maxTags = 8;
export const maxTagLength = 24;
const commas = /[,\n،、，]/;

/** One interest as it will be used, or `''` when nothing is left of it. */
export function normalizeTag(text: string): string {
  return [...fold(text)].slice(0, maxTagLength).join('').trim();
}

/** Whether what was typed holds an interest that will be cut. */
export function tooLong(text: string): boolean {
  return text.split(commas).some((part) => [...fold(part)].length > maxTagLength);
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ').replace(/^[#\s]+/, '').replace(/\s+/g, ' ').trim();
}

/** Adds what was typed (commas separate) to the list: no doubles, no more than `maxTags`. */
export function addTags(list: readonly string[], text: string): string[] {
  const result = [...list];
  for (const part of text.split(commas)) {
    const tag = normalizeTag(part);
    if (tag && !result.includes(tag) && result.length < maxTags) result.push(tag);
  }
  return result;
}
