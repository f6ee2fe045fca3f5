import { useState } from 'preact/hooks';
import { api } from '../api';
import type { Evidence, Report } from '../types';
import { count, exact, number, reasonOf, short, size } from '../words';
import { Time } from './time';

/** One report: the reporter's words apart from what the server could verify. */
export function ReportCard({ report: r }: { report: Report }) {
  const messages = r.evidence.filter((e) => e.text !== undefined);
  const files = r.evidence.filter((e) => e.text === undefined);
  const proven = r.evidence.filter((e) => e.proof === 'proven').length;
  return (
    <article class="card report" data-testid="report">
      <header class="report-head">
        <h3>{reasonOf(r.reason)}</h3>
        <span class="hint"><Time at={r.at} /> by <span title={r.reporter}>{r.reporter ? short(r.reporter) : 'somebody who left'}</span>, weight {number(Math.round(r.weight * 100) / 100)}</span>
        <span class="grow" />
        <span class="hint">{r.evidence.length === 0 ? 'no evidence' : `${number(proven)} of ${count(r.evidence.length, 'piece')} proven`}</span>
      </header>
      {r.comment && <p class="claimed"><Badge proof="unproven" /> <bdi dir="auto">{r.comment}</bdi></p>}
      {messages.length > 0 && <ol class="messages" data-testid="evidence">{messages.map((e) => <Message key={e.id} e={e} />)}</ol>}
      {files.length > 0 && <div class="files">{files.map((e) => <Exhibit key={e.id} report={r.id} e={e} />)}</div>}
      <p class="hint">Match {short(r.match)}</p>
    </article>
  );
}

/** Says how much something proves, in words, not by colour alone. */
function Badge({ proof }: { proof: 'proven' | 'unproven' }) {
  return proof === 'proven'
    ? <span class="badge is-proven" data-proof="proven" title="The server has verified that this was sent in this conversation, at this time, exactly so.">✓ proven</span>
    : <span class="badge is-claimed" data-proof="unproven" title="Nothing shows that this happened but the reporter’s word.">reporter’s word</span>;
}

function Message({ e }: { e: Evidence }) {
  return (
    <li class="message" data-from={e.from}>
      <Badge proof={e.proof} />
      <span class="hint">{e.from === 'reporter' ? 'reporter' : 'reported'}{e.at && <>, <time dateTime={e.at}>{exact(e.at)}</time></>}</span>
      <p class="said"><bdi dir="auto">{e.text}</bdi></p>
    </li>
  );
}

function Exhibit({ report, e }: { report: string; e: Evidence }) {
  if (e.type.startsWith('image/')) return <Picture report={report} e={e} />;
  if (e.kind === 'media') return <Film report={report} e={e} />;
  return <File report={report} e={e} />;
}

/** A picture is hidden until somebody wants to see it, and then still blurred and grey until it is held. */
function Picture({ report, e }: { report: string; e: Evidence }) {
  const [asked, setAsked] = useState(false);
  const [clear, setClear] = useState(false);
  const note = detail(e);
  return (
    <figure class="picture">
      {asked
        ? <button type="button" class="picture-frame" data-clear={clear} aria-pressed={clear} aria-label={clear ? 'Blur the picture' : 'Show the picture clearly'} onClick={() => setClear(!clear)}>
          <img src={api.evidence(report, e.id)} alt="Picture that the reporter’s browser took" /></button>
        : <button type="button" class="picture-frame is-closed" data-testid="open-picture" onClick={() => setAsked(true)}>Load the picture, blurred</button>}
      <figcaption><Badge proof={e.proof} /> <span class="hint">picture by the reporter’s browser, {size(e.bytes)}{note}{asked && (clear ? '; click to blur' : '; click to see it clearly')}. That you open it is written down.</span></figcaption>
    </figure>
  );
}

/** What the media server recorded: nothing moves or sounds until somebody plays it. */
function Film({ report, e }: { report: string; e: Evidence }) {
  const [asked, setAsked] = useState(false);
  return (
    <figure class="picture">
      {asked
        ? <video class="film" src={api.evidence(report, e.id)} controls playsInline data-testid="film" aria-label="Recording of the call" />
        : <button type="button" class="picture-frame is-closed" data-testid="open-film" onClick={() => setAsked(true)}>Load the recording</button>}
      <figcaption><Badge proof={e.proof} /> <span class="hint">last seconds of the call, recorded by the server and opened with the reporter’s key, {size(e.bytes)}. That you open it is written down.</span></figcaption>
    </figure>
  );
}

function File({ report, e }: { report: string; e: Evidence }) {
  return <p class="file"><Badge proof={e.proof} /> <a class="link" href={api.evidence(report, e.id)} download={`${e.kind}-${e.id}.bin`}>{e.kind}, {size(e.bytes)}</a> <span class="hint">{detail(e)}</span></p>;
}

function detail(e: Evidence): string {
  const d = e.detail;
  if (!d || typeof d !== 'object') return '';
  return Object.entries(d).filter(([, v]) => typeof v === 'string' || typeof v === 'number').map(([k, v]) => `, ${k} ${v}`).join('').slice(0, 200);
}
