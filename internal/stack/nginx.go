package stack

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// nginxConf holds what a private NGINX needs around a site.
const nginxConf = `worker_processes 1;
master_process off;
daemon off;
pid %[1]s/nginx.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
    access_log off;
    client_body_temp_path %[1]s/body;
    proxy_temp_path %[1]s/proxy;
    fastcgi_temp_path %[1]s/fastcgi;
    uwsgi_temp_path %[1]s/uwsgi;
    scgi_temp_path %[1]s/scgi;
%[2]s}
`

// startNGINX puts NGINX in front of nodes, with its files in dir. The site is the one that we deploy, without TLS.
func startNGINX(dir, site string, apart bool, addr string, nodes []*Node, log io.Writer) (*Process, error) {
	text, err := os.ReadFile(site)
	if err != nil {
		return nil, err
	}
	var servers strings.Builder
	for _, n := range nodes {
		fmt.Fprintf(&servers, "    server %s max_fails=0;\n", n.Addr)
	}
	conf := string(text)
	for _, change := range [][2]string{
		{"    server 127.0.0.1:8080 max_fails=0;\n", servers.String()},
		{"listen 443 ssl;", "listen " + addr + ";"},
		{"    ssl_certificate     /etc/ssl/passerby/fullchain.pem;\n", ""},
		{"    ssl_certificate_key /etc/ssl/passerby/privkey.pem;\n", ""},
	} {
		if !strings.Contains(conf, change[0]) {
			return nil, fmt.Errorf("%s has no line %q", site, strings.TrimSpace(change[0]))
		}
		conf = strings.Replace(conf, change[0], change[1], 1)
	}
	if apart {
		const before = "    # New sessions and connections.\n"
		if !strings.Contains(conf, before) {
			return nil, fmt.Errorf("%s has no line %q", site, strings.TrimSpace(before))
		}
		conf = strings.Replace(conf, before, "    location = /v1/ws { proxy_pass http://passerby_sockets; }\n"+before, 1)
		conf = "upstream passerby_sockets {\n" + servers.String() + "}\n" + conf
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConf, dir, conf), 0o600); err != nil {
		return nil, err
	}
	return Start(Program{Args: []string{"nginx", "-p", dir, "-c", file, "-e", "stderr"}, Log: log, Listens: addr})
}
