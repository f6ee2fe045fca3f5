import { useRef, useState } from 'preact/hooks';
import { useView } from '../hooks';
import { t } from '../strings';
import { Icon } from './icon';
import { LocalVideo } from './local-video';

const corners = ['top-end', 'bottom-end', 'bottom-start', 'top-start'] as const;

/** The small own picture in a corner. Drag it to another one, or press it to move it on. */
export function SelfView() {
  const { camera, sending } = useView();
  const [corner, setCorner] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const from = useRef<{ x: number; y: number; moved: boolean } | null>(null);

  const shift = (x: number, y: number) => {
    box.current?.style.setProperty('--x', `${x}px`);
    box.current?.style.setProperty('--y', `${y}px`);
  };
  const drop = (event: PointerEvent) => {
    const parent = box.current?.parentElement?.getBoundingClientRect();
    if (parent && from.current?.moved) {
      const bottom = event.clientY > parent.top + parent.height / 2;
      const right = event.clientX > parent.left + parent.width / 2;
      const end = right === (getComputedStyle(box.current!).direction === 'ltr');
      setCorner(corners.indexOf(`${bottom ? 'bottom' : 'top'}-${end ? 'end' : 'start'}`));
    }
    shift(0, 0);
  };

  return (
    <div ref={box} class="self" data-corner={corners[corner]} data-off={!sending.video || !camera.stream?.getVideoTracks().length}>
      <LocalVideo stream={camera.stream} version={camera.version} />
      <span class="self-off" aria-hidden="true"><Icon name="cameraOff" /></span>
      {!sending.audio && <span class="self-muted" aria-hidden="true"><Icon name="micOff" /></span>}
      <button
        type="button"
        class="self-move"
        aria-label={t.chat.moveSelf}
        onPointerDown={(event) => {
          from.current = { x: event.clientX, y: event.clientY, moved: false };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          const start = from.current;
          if (!start || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
          const [x, y] = [event.clientX - start.x, event.clientY - start.y];
          if (Math.hypot(x, y) > 6) start.moved = true;
          if (start.moved) shift(x, y);
        }}
        onPointerUp={drop}
        onPointerCancel={() => shift(0, 0)}
        onClick={() => {
          if (!from.current?.moved) setCorner((corner + 1) % corners.length);
          from.current = null;
        }}
      />
    </div>
  );
}
