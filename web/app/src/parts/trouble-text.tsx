import { lendsDevices } from '../host';
import { t, type Strings } from '../strings';
import type { Trouble } from '../view';

/** What happened and what to do, from the catalogue; a new code of the server falls back to its own sentence. */
export function troubleTexts(trouble: Trouble): readonly [title: string, text: string] {
  const texts: Partial<Record<string, readonly [string, string]>> = t.trouble.texts;
  const known = texts[notLent(trouble.code) ? 'frame_denied' : trouble.code];
  if (known) return known;
  const [title, text] = t.trouble.texts.unknown;
  return [title, trouble.message ?? text];
}

/** Nobody was asked for the camera: the page around this one does not lend it. */
export function notLent(code: string): boolean {
  return code === 'permission_denied' && lendsDevices() === false;
}

export function TroubleText({ trouble }: { trouble: Trouble }) {
  const [title, text] = troubleTexts(trouble);
  return (
    <p>
      <strong>{title}.</strong> {text}
      {trouble.code === 'permission_denied' && !notLent(trouble.code) && ` ${t.trouble.steps[browser()]}`}
    </p>
  );
}

/** Whose settings the user has to look for. */
export function browser(agent = navigator.userAgent): keyof Strings['trouble']['steps'] {
  if (/iPhone|iPad/.test(agent)) return 'ios';
  if (/Firefox\//.test(agent)) return 'firefox';
  if (/Safari\//.test(agent) && !/Chrom/.test(agent)) return 'safari';
  return 'chromium';
}
