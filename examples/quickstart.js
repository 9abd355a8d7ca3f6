// A first test, as it would run under k6: two requests per iteration, checks, custom metrics and
// thresholds.
//
//   brunt run -e BASE_URL=http://localhost:8080 quickstart.js
//
// Without a server of your own, `brunt demo` runs it against one that it starts itself.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const BASE_URL = __ENV.BASE_URL || 'http://localhost:8080';

const orders = new Counter('orders');
const basketSize = new Gauge('basket_size');
const accepted = new Rate('orders_accepted');
const orderTime = new Trend('order_time', true);

export const options = {
  vus: 10,
  duration: '5s',
  thresholds: {
    checks: ['rate>0.99'],
    http_req_failed: ['rate<0.01'],
    'http_req_duration{name:order}': ['p(95)<500', 'avg<200'],
    orders: ['count>0'],
  },
};

export default function () {
  group('browse', () => {
    const page = http.get(`${BASE_URL}/json`, { tags: { name: 'catalogue' } });
    check(page, {
      'catalogue: status is 200': (r) => r.status === 200,
      'catalogue: is JSON': (r) => typeof r.json() === 'object',
    });
  });

  group('buy', () => {
    const items = 1 + (__ITER % 3);
    const response = http.post(`${BASE_URL}/echo`, JSON.stringify({ items }), {
      headers: { 'Content-Type': 'application/json' },
      tags: { name: 'order' },
    });
    const ok = check(response, {
      'order: status is 200': (r) => r.status === 200,
      'order: is a POST': (r) => r.json('method') === 'POST',
    });
    orders.add(1);
    basketSize.add(items);
    accepted.add(ok);
    orderTime.add(response.timings.duration);
  });

  sleep(0.05);
}
