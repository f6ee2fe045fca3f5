import { Passerby } from '@passerby/client';
import { render } from 'preact';
import { App } from './app';
import { Controller } from './controller';
import { fromQuery } from './query';

// The page itself decides when to search on, because the user may switch it off at any time.
const client = new Passerby({ workerUrl: __WORKER_URL__, proverUrl: __PROVER_URL__, autoNext: false, ...fromQuery(location.search) });
window.passerby = client;

const controller = new Controller(client);
const root = document.getElementById('app')!;
root.textContent = '';
render(<App controller={controller} />, root);
void controller.arrive();
