/** The words of the page. One catalogue per language; English is the only one so far. */
export { en as t } from './en';
