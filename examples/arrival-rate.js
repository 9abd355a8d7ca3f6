// An open model: iterations start at a fixed rate, however long the answers take. What could not
// start because every virtual user was busy is counted in `dropped_iterations`.
//
//   brunt run -e BASE_URL=http://localhost:8080 arrival-rate.js
import http from 'k6/http';
import { check } from 'k6';

const BASE_URL = __ENV.BASE_URL || 'http://localhost:8080';

export const options = {
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE || 100),
      timeUnit: '1s',
      duration: __ENV.DURATION || '2s',
      preAllocatedVUs: 10,
      maxVUs: 50,
    },
  },
  thresholds: {
    dropped_iterations: ['count==0'],
    http_req_duration: ['p(95)<500'],
  },
};

export default function () {
  const response = http.get(`${BASE_URL}/json`);
  check(response, { 'status is 200': (r) => r.status === 200 });
}
