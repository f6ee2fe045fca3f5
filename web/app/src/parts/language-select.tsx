import { useId, useMemo } from 'preact/hooks';
import { useView } from '../hooks';
import { languages } from '../languages';
import { t } from '../strings';

/** Any language unless the user says otherwise: a choice is a hard limit for both sides. */
export function LanguageSelect({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  const id = useId();
  const { locale } = useView();
  const { own, others } = useMemo(() => languages(navigator.languages ?? []), [locale]);
  const option = ({ code, name }: { code: string; name: string }) => <option key={code} value={code}>{name}</option>;
  return (
    <div class="field">
      <label class="label" for={id}>{t.landing.language}</label>
      <select id={id} class="select" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{t.landing.anyLanguage}</option>
        {own.length > 0 && <optgroup label={t.landing.yours}>{own.map(option)}</optgroup>}
        <optgroup label={t.landing.others}>{others.map(option)}</optgroup>
      </select>
    </div>
  );
}
