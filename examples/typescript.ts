// TypeScript runs as it is: types are taken off, errors show the line of this file.
//
//   brunt run -e BASE_URL=http://localhost:8080 typescript.ts
import http from 'k6/http';
import type { RefinedResponse } from 'k6/http';
import { check } from 'k6';

interface Person {
  name: string;
  age?: number;
}

enum Path {
  Echo = '/echo',
}

const BASE_URL: string = __ENV.BASE_URL ?? 'http://localhost:8080';

export const options = { vus: 2, iterations: 10 };

function send<T extends Person>(person: T): RefinedResponse<'text'> {
  const body = JSON.stringify(person satisfies Person);
  return http.post(`${BASE_URL}${Path.Echo}`, body, {
    headers: { 'Content-Type': 'application/json' },
  }) as RefinedResponse<'text'>;
}

export default function (): void {
  const response = send({ name: 'Ada', age: 36 });
  check(response, {
    'status is 200': (r) => r.status === 200,
    'the name came back': (r) => String(r.body).includes('Ada'),
  });
}
