/** The build puts the file beside the script; the import is its address, from there. */
declare module '*.bin' {
  const address: string;
  export default address;
}
