import http from 'k6/http';
import exec from 'k6/execution';
import { check, group, sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

// The system under test: brunt run -e BASE_URL=https://test.example script.js
const BASE_URL = __ENV.BASE_URL || 'http://localhost:8080';

const orders = new Counter('orders');
const orderTime = new Trend('order_time', true);

export const options = {
  scenarios: {
    // Visitors look around, more of them every minute.
    browse: {
      executor: 'ramping-vus',
      exec: 'browse',
      startVUs: 0,
      stages: [
        { duration: '1m', target: 20 },
        { duration: '3m', target: 20 },
        { duration: '30s', target: 0 },
      ],
    },
    // Orders come at a fixed rate, however long each one takes.
    order: {
      executor: 'constant-arrival-rate',
      exec: 'order',
      rate: 5,
      timeUnit: '1s',
      duration: '4m',
      startTime: '30s',
      preAllocatedVUs: 10,
      maxVUs: 50,
    },
  },
  // The test fails if one of these is broken.
  thresholds: {
    http_req_failed: ['rate<0.01'],
    'http_req_duration{scenario:browse}': ['p(95)<500'],
    checks: ['rate>0.99'],
  },
};

// Runs once before everything; what it returns is given to the functions below.
export function setup() {
  const response = http.get(`${BASE_URL}/`);
  if (response.status !== 200) {
    exec.test.abort(`${BASE_URL} does not answer: ${response.error || response.status}`);
  }
  return { started: Date.now() };
}

export function browse() {
  group('front page', () => {
    const response = http.get(`${BASE_URL}/`);
    check(response, { 'status is 200': (r) => r.status === 200 });
  });
  sleep(1);
}

export function order() {
  const body = JSON.stringify({ item: exec.scenario.iterationInTest, count: 1 });
  const params = { headers: { 'Content-Type': 'application/json' }, tags: { name: 'order' } };
  const response = http.post(`${BASE_URL}/orders`, body, params);
  orders.add(1);
  orderTime.add(response.timings.duration);
  check(response, { 'order is taken': (r) => r.status === 200 || r.status === 201 });
}

// Runs once after everything.
export function teardown(data) {
  console.log(`the test took ${Math.round((Date.now() - data.started) / 1000)} s`);
}
