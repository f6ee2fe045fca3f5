// Nodes end under two people in video. Only with --cluster.
import { endure } from './lib/endure.mjs';
import { setStage } from './lib/stage.mjs';

endure(setStage(), 'video');
