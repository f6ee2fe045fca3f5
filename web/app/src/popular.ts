/** What many people name these days, for those who do not know what to name: the server tells, and takes care that nobody can be told from it. */

let known: readonly string[] = [];

/** Asks once, before anything is drawn: what comes in time is there from the beginning, so that nothing moves later. */
export async function askPopular(): Promise<void> {
  try {
    const answer = await fetch('/v1/tags');
    const { tags } = (answer.ok ? await answer.json() : {}) as { tags?: unknown };
    if (Array.isArray(tags)) known = tags.filter((tag) => typeof tag === 'string');
  } catch {
    // The page goes without.
  }
}

/** Those that are not among `chosen`, the most popular first. */
export function popularBut(chosen: readonly string[], most: number): readonly string[] {
  return known.filter((tag) => !chosen.includes(tag)).slice(0, most);
}
