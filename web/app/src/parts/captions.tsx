import { useEffect, useState } from 'preact/hooks';
import { caption } from '../captions';
import { useController, useView } from '../hooks';

/** What the stranger says, as words below the picture, for those who want to read it. Not read aloud: it is heard. */
export function Captions() {
  const { remote } = useController();
  const { settings, match, wish, partner } = useView();
  const [words, setWords] = useState('');
  const on = settings.captions && match !== null && partner.audio;
  const lang = wish?.language ?? navigator.language;
  useEffect(() => {
    const track = on && remote.sound;
    if (track) return caption(track, lang, setWords);
  }, [on, lang, match?.id]);
  return <p class="captions" data-testid="captions" dir="auto" data-on={words !== ''}>{words}</p>;
}
