import http from 'k6/http';
import { check, sleep } from 'k6';

// 10 virtual users run the default function again and again for 30 seconds.
export const options = {
  vus: 10,
  duration: '30s',
};

// The system under test: brunt run -e BASE_URL=https://test.example script.js
const BASE_URL = __ENV.BASE_URL || 'http://localhost:8080';

export default function () {
  const response = http.get(BASE_URL);
  check(response, { 'status is 200': (r) => r.status === 200 });
  sleep(1);
}
