import { useId, useState } from 'preact/hooks';
import { t } from '../strings';
import { addTags, maxTags, tooLong } from '../tags';
import { Icon } from './icon';

interface Props {
  tags: readonly string[];
  /** What is typed and not yet a chip; Start takes it along. */
  pending: string;
  onChange: (tags: string[], pending: string) => void;
}

/** Interests as chips: Enter or a comma makes one, Backspace in the empty field takes the last away. */
export function TagsField({ tags, pending, onChange }: Props) {
  const id = useId();
  const [spoken, setSpoken] = useState('');
  const [cut, setCut] = useState(false);
  const long = cut || tooLong(pending);
  const full = tags.length >= maxTags;

  const take = (text: string) => {
    onChange(addTags(tags, text), '');
    setCut(tooLong(text));
    setSpoken(tooLong(text) ? t.landing.tagsLong : '');
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
      <span class="unseen" role="status">{spoken}</span>
    </div>
  );
}
