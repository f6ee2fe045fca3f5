import type { Gender } from '@passerby/client';
import type { Draft } from '../draft';
import { t } from '../strings';

const genders = ['', 'f', 'm', 'x'] as const;
const seekable = ['f', 'm', 'x'] as const;

/** Gender wishes: optional, out of the way, and honest about their price. */
export function WhoFields({ draft, onChange }: { draft: Draft; onChange: (patch: Partial<Draft>) => void }) {
  const seek = (gender: Gender, on: boolean) => {
    const rest = draft.seeking.filter((other) => other !== gender);
    onChange({ seeking: on ? [...rest, gender] : rest });
  };
  return (
    <details class="more" open={draft.gender !== '' || draft.seeking.length > 0}>
      <summary>{t.landing.about}</summary>
      <p class="hint">{t.landing.aboutHint}</p>
      <fieldset class="options">
        <legend class="label">{t.landing.gender}</legend>
        {genders.map((gender) => (
          <label class="option" key={gender}>
            <input type="radio" name="gender" checked={draft.gender === gender} onChange={() => onChange({ gender })} />
            {t.landing.genders[gender]}
          </label>
        ))}
      </fieldset>
      <fieldset class="options">
        <legend class="label">{t.landing.seeking}</legend>
        {seekable.map((gender) => (
          <label class="option" key={gender}>
            <input
              type="checkbox"
              checked={draft.seeking.includes(gender)}
              onChange={(event) => seek(gender, event.currentTarget.checked)}
            />
            {t.landing.seekings[gender]}
          </label>
        ))}
        <p class="hint">{t.landing.seekingHint}</p>
      </fieldset>
    </details>
  );
}
