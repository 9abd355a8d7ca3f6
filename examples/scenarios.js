// Several scenarios side by side, each with its own function, executor, tags and thresholds.
//
//   brunt run -e BASE_URL=http://localhost:8080 scenarios.js
import http from 'k6/http';
import exec from 'k6/execution';
import { check, sleep } from 'k6';

const BASE_URL = __ENV.BASE_URL || 'http://localhost:8080';

export const options = {
  scenarios: {
    // Closed model: three users who come back as soon as they are done.
    readers: {
      executor: 'constant-vus',
      exec: 'read',
      vus: 3,
      duration: '1s',
      gracefulStop: '2s',
      tags: { team: 'web' },
    },
    // Each of two users does exactly three iterations.
    writers: {
      executor: 'per-vu-iterations',
      exec: 'write',
      vus: 2,
      iterations: 3,
      maxDuration: '10s',
      startTime: '200ms',
    },
    // Ten iterations, whoever of two users is free.
    imports: {
      executor: 'shared-iterations',
      exec: 'write',
      vus: 2,
      iterations: 10,
      env: { SOURCE: 'import' },
    },
  },
  thresholds: {
    'http_req_duration{scenario:readers}': ['p(95)<500'],
    'http_reqs{scenario:writers}': ['count==6'],
    'http_reqs{scenario:imports}': ['count==10'],
    checks: ['rate==1'],
  },
};

export function setup() {
  const started = http.get(`${BASE_URL}/json`, { tags: { name: 'setup' } });
  return { status: started.status };
}

export function read(data) {
  const response = http.get(`${BASE_URL}/bytes/1000`);
  check(response, {
    'setup saw a 200': () => data.status === 200,
    'has 1000 bytes': (r) => r.body.length === 1000,
  });
  sleep(0.02);
}

export function write() {
  const order = { scenario: exec.scenario.name, source: __ENV.SOURCE || 'user' };
  const response = http.post(`${BASE_URL}/echo`, JSON.stringify(order));
  check(response, { 'was posted': (r) => r.json('method') === 'POST' });
}

export function teardown(data) {
  console.log(`set up with status ${data.status}`);
}
