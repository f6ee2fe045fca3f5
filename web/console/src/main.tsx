import { render } from 'preact';
import { App } from './app';

const root = document.getElementById('console')!;
root.textContent = '';
render(<App />, root);
