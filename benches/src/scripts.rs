//! The scripts that the sections run; options are inside, as users write them.

/// Statistics that the sections read.
const STATS: &str = "summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(50)', 'p(95)', 'p(99)'],";

/// GET and one check.
fn request(url: &str) -> String {
    format!(
        "const response = http.get('{url}');\n  \
         check(response, {{ 'status is 200': (r) => r.status === 200 }});"
    )
}

/// So many VUs, each GET and check in a loop, then `after`.
pub(crate) fn constant_vus(url: &str, vus: u32, seconds: u64, after: &str) -> String {
    let request = request(url);
    format!(
        "import http from 'k6/http';\nimport {{ check, sleep }} from 'k6';\n\
         export const options = {{ {STATS} vus: {vus}, duration: '{seconds}s' }};\n\
         export default function () {{\n  {request}\n  {after}\n}}\n"
    )
}

/// So many starts per second over 200 VUs, GET and check; `burners` VUs that only burn CPU.
pub(crate) fn arrival_rate(url: &str, rate: u32, seconds: u64, burners: u32) -> String {
    arrivals(
        url,
        STATS,
        &at_rate("load", rate, 0, seconds),
        seconds,
        burners,
    )
}

/// The same after `warm` seconds at that rate. The durations of the requests since then are
/// [`WATCHED`], given as as many quantiles as [`quantiles`] names.
pub(crate) fn watched_rate(url: &str, rate: u32, warm: u64, seconds: u64, burners: u32) -> String {
    let names: Vec<String> = quantiles().map(|name| format!("'{name}'")).collect();
    let header = format!(
        "summaryTrendStats: [{}], thresholds: {{ '{WATCHED}': ['max>=0'] }},",
        names.join(", ")
    );
    let load = at_rate("warm", rate, 0, warm) + &at_rate("load", rate, warm, seconds);
    arrivals(url, &header, &load, warm + seconds, burners)
}

/// The metric of [`watched_rate`].
pub(crate) const WATCHED: &str = "http_req_duration{scenario:load}";

/// Quantiles that stand for equal shares of what was measured, each at its share's middle.
pub(crate) fn quantiles() -> impl Iterator<Item = String> {
    (0..200).map(|at| format!("p({})", f64::from(2 * at + 1) / 4.0))
}

/// So many series of one trend within the seconds, each with one value.
pub(crate) fn many_series(series: u64, seconds: u64) -> String {
    let rate = series.div_ceil(10 * seconds);
    let load = format!(
        "{{ executor: 'constant-arrival-rate', rate: {rate}, timeUnit: '1s', duration: '{seconds}s', \
         preAllocatedVUs: 10 }}"
    );
    format!(
        "import exec from 'k6/execution';\nimport {{ Trend }} from 'k6/metrics';\n\
         const trend = new Trend('many', true);\n\
         export const options = {{ scenarios: {{ all: {load} }} }};\n\
         export default function () {{\n  const first = exec.scenario.iterationInTest * 10;\n  \
         for (let i = 0; i < 10; i++) trend.add(1 + i, {{ id: `item-${{first + i}}` }});\n}}\n"
    )
}

fn at_rate(name: &str, rate: u32, start: u64, seconds: u64) -> String {
    format!(
        "{name}: {{ executor: 'constant-arrival-rate', rate: {rate}, timeUnit: '1s', \
         startTime: '{start}s', duration: '{seconds}s', gracefulStop: '0s', \
         preAllocatedVUs: 200, maxVUs: 200 }},\n  "
    )
}

fn arrivals(url: &str, header: &str, load: &str, seconds: u64, burners: u32) -> String {
    let request = request(url);
    let burn = if burners == 0 {
        String::new()
    } else {
        format!(
            "burn: {{ executor: 'constant-vus', exec: 'burn', vus: {burners}, \
             duration: '{seconds}s', gracefulStop: '1s' }},"
        )
    };
    format!(
        "import http from 'k6/http';\nimport {{ check }} from 'k6';\n\
         export const options = {{ {header} scenarios: {{\n  {load}{burn}\n}} }};\n\
         export default function () {{\n  {request}\n}}\n\
         export function burn() {{\n  let x = 0;\n  \
         for (let i = 0; i < 200000; i++) x = (x * 31 + i) % 1000003;\n  return x;\n}}\n"
    )
}

/// Starts that grow from none to `rate` per second, each counted; GET and check.
pub(crate) fn ramping_rate(url: &str, rate: u32, seconds: u32) -> String {
    let request = request(url);
    format!(
        "import http from 'k6/http';\nimport {{ check }} from 'k6';\n\
         import {{ Counter }} from 'k6/metrics';\nconst starts = new Counter('starts');\n\
         export const options = {{ {STATS} scenarios: {{ load: {{ \
         executor: 'ramping-arrival-rate', startRate: 0, timeUnit: '1s', \
         preAllocatedVUs: 200, maxVUs: 200, \
         stages: [{{ duration: '{seconds}s', target: {rate} }}] }} }} }};\n\
         export default function () {{\n  starts.add(1);\n  {request}\n}}\n"
    )
}

/// So many iterations over ten VUs, without network: a trend and a check.
pub(crate) fn iterations(count: u64) -> String {
    format!(
        "import {{ check }} from 'k6';\nimport {{ Trend }} from 'k6/metrics';\n\
         const trend = new Trend('custom');\n\
         export const options = {{ scenarios: {{ all: {{ executor: 'shared-iterations', \
         vus: 10, iterations: {count}, maxDuration: '2m' }} }} }};\n\
         export default function () {{\n  const value = Math.random() * 1000;\n  \
         trend.add(value);\n  check(value, {{ 'not negative': (v) => v >= 0 }});\n}}\n"
    )
}

/// So many samples of custom metrics with tags, a thousand in each iteration.
pub(crate) fn custom_samples(count: u64) -> String {
    let iterations = count / 1_000;
    format!(
        "import {{ Counter, Trend }} from 'k6/metrics';\n\
         const counter = new Counter('orders'), trend = new Trend('order_time', true);\n\
         const tags = [{{ shop: 'a', kind: 'book' }}, {{ shop: 'b', kind: 'food' }}];\n\
         export const options = {{ scenarios: {{ all: {{ executor: 'shared-iterations', \
         vus: 10, iterations: {iterations}, maxDuration: '2m' }} }} }};\n\
         export default function () {{\n  for (let i = 0; i < 500; i++) {{\n    \
         counter.add(1, tags[i & 1]);\n    trend.add(Math.random() * 1000, tags[i & 1]);\n  }}\n}}\n"
    )
}

/// So many requests of ten VUs.
pub(crate) fn requests(url: &str, count: u64) -> String {
    let request = request(url);
    format!(
        "import http from 'k6/http';\nimport {{ check }} from 'k6';\n\
         export const options = {{ scenarios: {{ all: {{ executor: 'shared-iterations', \
         vus: 10, iterations: {count}, maxDuration: '2m' }} }} }};\n\
         export default function () {{\n  {request}\n}}\n"
    )
}

/// One iteration of nothing.
pub(crate) const NOTHING: &str = "export default function () {}\n";
