import { useId, useState } from 'preact/hooks';
import { t } from '../strings';
import { popularBut } from '../popular';
import { addTags, maxTags, tooLong } from '../tags';
import { Icon } from './icon';

interface Props {
  tags: readonly string[];
  /** What is typed and not yet a chip; Start takes it along. */
  pending: string;
  onChange: (tags: string[], pending: string) => void;
}

/** Suggestions that fit in two rows of a phone. */
const suggested = 6;

/** Interests as chips: Enter or a comma makes one, Backspace in the empty field takes the last away. */
export function TagsField({ tags, pending, onChange }: Props) {
  const id = useId();
  const [spoken, setSpoken] = useState('');
  const [cut, setCut] = useState(false);
  // Those that came late come up with the first touch of the field: nothing moves by itself.
  const [popular, setPopular] = useState(() => popularBut(tags, suggested));
  const long = cut || tooLong(pending);
  const full = tags.length >= maxTags;

  const take = (text: string) => {
    onChange(addTags(tags, text), '');
    setCut(tooLong(text));
    setSpoken(tooLong(text) ? t.landing.tagsLong : '');
  };
  const add = (tag: string) => {
    onChange(addTags(tags, tag), pending);
    setSpoken(`${tag}.`);
  };
  const remove = (tag: string) => {
    onChange(tags.filter((other) => other !== tag), pending);
    setSpoken(`${t.landing.removeTag(tag)}.`);
    document.getElementById(id)?.focus();
  };

  return (
    <div class="field">
      <label class="label" for={id}>{t.landing.tags}</label>
      <div class="tags-box">
        {tags.map((tag) => (
          <span class="chip" key={tag}>
            <bdi>{tag}</bdi>
            <button type="button" class="chip-remove" aria-label={t.landing.removeTag(tag)} onClick={() => remove(tag)}>
              <Icon name="close" />
            </button>
          </span>
        ))}
        <input
          id={id}
          data-testid="tags"
          class="tags-input"
          type="text"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          enterkeyhint="done"
          maxLength={200}
          value={pending}
          placeholder={tags.length ? (full ? '' : t.landing.tagsMore) : t.landing.tagsPlaceholder}
          aria-describedby={`${id}-hint`}
          onFocus={() => popular.length || setPopular(popularBut(tags, suggested))}
          onInput={(event) => {
            const { value } = event.currentTarget;
            if (/[,،、，]/.test(value)) take(value);
            else {
              setCut(false);
              onChange([...tags], value);
            }
          }}
          onKeyDown={(event) => {
            if (event.isComposing) return;
            if (event.key === 'Enter' && pending.trim()) {
              event.preventDefault();
              take(pending);
            } else if (event.key === 'Backspace' && pending === '' && tags.length) {
              remove(tags[tags.length - 1]!);
            }
          }}
        />
      </div>
      <p class="hint" id={`${id}-hint`}>{long ? t.landing.tagsLong : full ? t.landing.tagsFull : t.landing.tagsHint}</p>
      {popular.length > 0 && (
        <div class="popular" role="group" aria-label={t.landing.popular} data-testid="popular">
          <span class="popular-label" aria-hidden="true">{t.landing.popular}</span>
          {popular.map((tag) => (
            <button
              type="button"
              class="popular-tag"
              key={tag}
              aria-label={t.landing.addTag(tag)}
              aria-disabled={full || tags.includes(tag)}
              onClick={() => !full && !tags.includes(tag) && add(tag)}
            >
              <bdi>{tag}</bdi>
            </button>
          ))}
        </div>
      )}
      <span class="unseen" role="status">{spoken}</span>
    </div>
  );
}
