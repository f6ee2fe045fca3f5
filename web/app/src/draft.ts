import type { Gender, Mode, Wish } from '@passerby/client';
import { read, write } from './memory';

/** The form on the landing page. Kept in this tab only, so that a reload does not empty it; the age is never kept. */
export interface Draft {
  mode: Mode;
  tags: string[];
  /** `''`: any. */
  language: string;
  gender: Gender | '';
  seeking: Gender[];
}

export const emptyDraft: Draft = { mode: 'video', tags: [], language: '', gender: '', seeking: [] };

const key = 'passerby.wish';

export function loadDraft(): Draft {
  const saved = read(() => sessionStorage, key);
  return saved && typeof saved === 'object' ? { ...emptyDraft, ...saved } : emptyDraft;
}

export function saveDraft(draft: Draft): void {
  write(() => sessionStorage, key, draft);
}

/** What the server is asked for. Empty fields are left out. */
export function toWish(draft: Draft): Wish {
  const wish: Wish = { mode: draft.mode };
  if (draft.tags.length) wish.tags = draft.tags;
  if (draft.language) wish.language = draft.language;
  if (draft.gender) wish.gender = draft.gender;
  if (draft.seeking.length) wish.seeking = draft.seeking;
  return wish;
}
