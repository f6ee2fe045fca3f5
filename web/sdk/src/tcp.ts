/** What the option `blockUdp` leaves. A file of its own, loaded with it: it imports nothing. */

/** The servers that are reached by TCP. */
export function tcpServers(servers: readonly RTCIceServer[]): RTCIceServer[] {
  const left = servers.map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => /transport=tcp/i.test(url) || url.startsWith('turns:')) }));
  return left.filter(({ urls }) => urls.length > 0);
}

/** Drops the UDP candidates of an SDP (RFC 8839: the third word of a candidate is its transport). */
export function withoutUdp(sdp: string): string {
  return sdp.split('\r\n').filter((line) => !/^a=candidate:\S+ \d+ udp /i.test(line)).join('\r\n');
}
