import type { GatewayArm } from '../gateway-arm.ts';
import { proxyArm } from './proxy-program.ts';

/** nginx as a reverse proxy without buffering. */
const nginx: GatewayArm = proxyArm({
  name: 'nginx',
  path: 'nginx without buffering, one process, connections to the host kept open',
  versionArguments: ['-v'],
  configure: ({ listen, host }, folder) => `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 100000000; tcp_nodelay on;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream host { server 127.0.0.1:${host}; keepalive 2048; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${listen} backlog=2048;
    location / {
      proxy_pass http://host; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 600s;
    }
  }
}`,
  arguments: (config, folder) => ['-c', config, '-p', folder, '-e', `${folder}/error`],
});

export default nginx;
