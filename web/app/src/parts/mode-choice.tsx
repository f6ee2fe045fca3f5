import { support, type Mode } from '@passerby/client';
import { t } from '../strings';
import { Icon } from './icon';

const media = () => support().media;

/** Video or text: two cards that are radio buttons. */
export function ModeChoice({ mode, onChange }: { mode: Mode; onChange: (mode: Mode) => void }) {
  return (
    <fieldset class="modes">
      <legend class="unseen">{t.landing.mode}</legend>
      {(['video', 'text'] as const).map((each) => {
        const missing = each === 'video' && !media();
        const hint = each === 'text' ? t.landing.textHint : missing ? t.landing.videoMissing : t.landing.videoHint;
        return (
          <div class="mode" key={each}>
            <input
              type="radio"
              name="mode"
              id={`mode-${each}`}
              data-testid={`mode-${each}`}
              checked={mode === each}
              disabled={missing}
              aria-describedby={`mode-${each}-hint`}
              onChange={() => onChange(each)}
            />
            <label for={`mode-${each}`}>
              <Icon name={each === 'video' ? 'camera' : 'text'} />
              {t.landing[each]}
            </label>
            <span class="hint" id={`mode-${each}-hint`}>{hint}</span>
          </div>
        );
      })}
    </fieldset>
  );
}
