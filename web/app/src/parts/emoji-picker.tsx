import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../strings';
import { Icon } from './icon';

/** A small choice; every system has a whole keyboard of them besides. */
const signs = '😀 😂 😊 😍 🤔 😅 😭 😮 🙃 😎 🥳 😴 👋 👍 👎 👏 🙏 💪 ❤️ 🔥 ✨ 🎉 🎵 ☕ 🍕 🐱 🐶 🌙 🌧️ 🌈'.split(' ');

/** A grid of emoji above the field. Esc and a click elsewhere close it, and do nothing else. */
export function EmojiPicker({ disabled, onPick }: { disabled: boolean; onPick: (emoji: string) => void }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const shown = open && !disabled;
  useEffect(() => {
    if (!shown) return;
    const elsewhere = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', elsewhere);
    return () => removeEventListener('pointerdown', elsewhere);
  }, [shown]);
  return (
    <div
      ref={box}
      class="emoji"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !shown) return;
        event.preventDefault(); // Esc is Next otherwise
        setOpen(false);
        box.current?.querySelector('button')?.focus();
      }}
    >
      <button
        type="button"
        class="button is-icon is-plain"
        data-testid="emoji"
        aria-label={t.chat.emoji}
        title={t.chat.emoji}
        aria-expanded={shown}
        aria-disabled={disabled}
        onClick={() => setOpen(!open && !disabled)}
      >
        <Icon name="smile" />
      </button>
      {shown && (
        <div class="emoji-grid" role="group" aria-label={t.chat.emoji}>
          {signs.map((sign) => (
            <button
              type="button"
              class="emoji-sign"
              key={sign}
              onClick={() => {
                setOpen(false);
                onPick(sign);
              }}
            >
              {sign}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
