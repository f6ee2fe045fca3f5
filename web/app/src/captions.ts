/**
 * Captions of what the stranger says, made by the browser on this device: nothing that was said leaves it. Browsers that would
 * send sound to a service of theirs do not get any (`processLocally` is asked for, and one that does not know the word is not used).
 */
interface Recogniser {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  processLocally: boolean;
  onresult: ((event: { results: ArrayLike<ArrayLike<{ transcript: string }>> }) => void) | null;
  onend: (() => void) | null;
  start(track: MediaStreamTrack): void;
  abort(): void;
}

interface Options {
  langs: string[];
  processLocally: boolean;
}

interface Recognition {
  new (): Recogniser;
  available?(options: Options): Promise<string>;
}

/** How long words stay after the last one, in milliseconds, and how many characters of a long speech are shown. */
const linger = 5000;
const longest = 120;

const recognition = (): Recognition | undefined => (globalThis as { SpeechRecognition?: Recognition }).SpeechRecognition;
const options = (lang: string): Options => ({ langs: [lang], processLocally: true });

/** Whether this browser can, now: it knows the language already, which is large and chosen in its own settings. */
export async function canCaption(lang: string): Promise<boolean> {
  return (await recognition()?.available?.(options(lang)).catch(() => '')) === 'available';
}

/** Tells what is said on the track, and `''` when it has been still for a while, until the result is called. */
export function caption(track: MediaStreamTrack, lang: string, tell: (words: string) => void): () => void {
  let over = false;
  let still: ReturnType<typeof setTimeout> | undefined;
  let running: Recogniser | null = null;
  const begin = () => {
    if (over || track.readyState !== 'live') return;
    running = new (recognition()!)();
    Object.assign(running, { lang, continuous: true, interimResults: true, processLocally: true });
    running.onresult = ({ results }) => {
      const words = results[results.length - 1]?.[0]?.transcript.trim() ?? '';
      if (over || !words) return;
      tell(words.length > longest ? `…${words.slice(-longest)}` : words);
      clearTimeout(still);
      still = setTimeout(tell, linger, '');
    };
    running.onend = () => setTimeout(begin, 1000); // it ends by itself after a silence
    try {
      running.start(track);
    } catch {
      over = true; // this browser takes no track
    }
  };
  void canCaption(lang).then((can) => can && begin());
  return () => {
    over = true;
    clearTimeout(still);
    tell('');
    running?.abort();
  };
}
