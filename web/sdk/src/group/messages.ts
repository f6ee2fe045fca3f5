/** What the server's group says over the data channel (sfu/group). */
export type FromGroup =
  | { type: 'group'; group: string; you: string; members: { id: string; key: string }[] }
  | { type: 'shown'; slots: string[]; speaker: string }
  | { type: 'told'; from: string; data: string }
  /** Which encodings of one's own picture somebody gets. */
  | { type: 'taken'; layers: string[] };

const isText = (v: unknown): v is string => typeof v === 'string';

/** Reads a message; null for what is malformed, or of a later version. */
export function parseGroup(data: unknown): FromGroup | null {
  if (!isText(data)) return null;
  let m: Record<string, unknown>;
  try {
    m = JSON.parse(data) as Record<string, unknown>;
  } catch {
    return null;
  }
  if (typeof m !== 'object' || m === null) return null;
  switch (m['type']) {
    case 'group': {
      const { group, you, members } = m;
      if (!isText(group) || !isText(you) || !Array.isArray(members)) return null;
      const isMember = (v: unknown): v is { id: string; key: string } => {
        const { id, key } = (v ?? {}) as Record<string, unknown>;
        return isText(id) && isText(key);
      };
      return members.every(isMember) ? { type: 'group', group, you, members } : null;
    }
    case 'shown': {
      const { slots, speaker } = m;
      return Array.isArray(slots) && slots.every(isText) ? { type: 'shown', slots, speaker: isText(speaker) ? speaker : '' } : null;
    }
    case 'taken': {
      const { layers } = m;
      return Array.isArray(layers) && layers.length > 0 && layers.every(isText) ? { type: 'taken', layers } : null;
    }
    case 'told': {
      const { from, data } = m;
      return isText(from) && isText(data) ? { type: 'told', from, data } : null;
    }
  }
  return null;
}
