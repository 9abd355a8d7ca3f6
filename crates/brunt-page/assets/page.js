// Draws the charts of a page, sorts its tables, and changes between dark and light. What it draws from is
// described in src/lib.rs.
'use strict';
(() => {
  const root = document.documentElement;
  const charts = JSON.parse(document.getElementById('charts').textContent) || {};
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  const digits = (value) => {
    const size = Math.abs(value);
    const places = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    return String(Number(value.toFixed(places)));
  };
  const scaled = (value, step, names) => {
    let at = 0;
    while (at + 1 < names.length && Math.abs(value) >= step) {
      value /= step;
      at += 1;
    }
    return `${digits(value)} ${names[at]}`.trim();
  };
  const time = (ms) => {
    const size = Math.abs(ms);
    if (size === 0) return '0';
    if (size < 1) return `${digits(ms * 1000)} µs`;
    if (size < 1000) return `${digits(ms)} ms`;
    return size < 120000 ? `${digits(ms / 1000)} s` : `${digits(ms / 60000)} min`;
  };
  const formats = {
    ms: time,
    s: (value) => time(value * 1000),
    bytes: (value) => scaled(value, 1000, ['B', 'kB', 'MB', 'GB', 'TB']),
    'bytes/s': (value) => `${scaled(value, 1000, ['B', 'kB', 'MB', 'GB', 'TB'])}/s`,
    '/s': (value) => `${scaled(value, 1000, ['', 'k', 'M'])}/s`,
    percent: (value) => `${digits(value * 100)} %`,
    count: (value) => scaled(value, 1000, ['', 'k', 'M', 'G']),
  };
  const format = (unit) => (value) => (value == null ? '–' : (formats[unit] || digits)(value));
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });

  const drawn = [];

  function axes(chart) {
    const grid = { stroke: colour('--line'), width: 1 };
    const plain = { stroke: colour('--faint'), grid, ticks: grid, font: '12px system-ui, sans-serif' };
    const right = chart.series.find((one) => one.right);
    const value = (unit) => (_, values) => values.map(format(unit));
    const all = [{ ...plain, space: 80, values: (_, values) => values.map(clock) }, { ...plain, size: 72, values: value(chart.unit) }];
    if (right) {
      all.push({ ...plain, side: 1, scale: 'right', size: 60, grid: { show: false }, values: value(right.unit || chart.unit) });
    }
    return all;
  }

  function lines(element, chart) {
    const series = chart.series.map((one, at) => {
      const stroke = colour(one.colour || `--c${at % 8}`);
      return {
        label: one.label,
        stroke,
        width: 1.6,
        fill: chart.kind === 'area' && !one.right ? `color-mix(in srgb, ${stroke} 18%, transparent)` : undefined,
        dash: one.right ? [5, 4] : undefined,
        scale: one.right ? 'right' : 'y',
        spanGaps: false,
        points: { show: chart.times.length < 3 },
        value: (_, value) => format(one.right ? one.unit || chart.unit : chart.unit)(value),
      };
    });
    // From nought, so that heights can be compared.
    const range = (_, low, high) => [Math.min(0, low || 0), (high || 1) * 1.05];
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: 240,
        scales: { y: { range }, right: { range } },
        series: [{ label: 'Time', value: (_, at) => (at == null ? '–' : clock(at)) }, ...series],
        axes: axes(chart),
        cursor: { sync: { key: 'time' }, drag: { x: true, y: false } },
        legend: { live: true },
      },
      [chart.times, ...chart.series.map((one) => one.values)],
      element,
    );
    for (const label of element.querySelectorAll('.u-legend .u-series:not(:first-child) th')) {
      label.tabIndex = 0;
      label.setAttribute('role', 'button');
      label.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          label.click();
        }
      });
    }
    return { resize: () => plot.setSize({ width: element.clientWidth, height: 240 }), remove: () => plot.destroy() };
  }

  function heat(element, chart) {
    const canvas = document.createElement('canvas');
    element.append(canvas);
    const note = document.createElement('p');
    note.className = 'faint';
    note.textContent = '\u00a0';
    element.append(note);
    const rows = chart.bounds.length - 1;
    const most = Math.max(1, ...chart.counts.map((column) => Math.max(...column)));
    const left = 72;
    const bottom = 28;
    const height = 280;
    const paint = () => {
      const width = Math.max(120, element.clientWidth);
      const ratio = window.devicePixelRatio || 1;
      canvas.width = width * ratio;
      canvas.height = height * ratio;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      const context = canvas.getContext('2d');
      context.scale(ratio, ratio);
      const across = (width - left - 8) / Math.max(1, chart.times.length);
      const up = (height - bottom - 8) / Math.max(1, rows);
      chart.counts.forEach((column, x) => {
        column.forEach((count, y) => {
          if (count > 0) {
            // The root shows single slow requests beside thousands of fast ones.
            context.fillStyle = `rgba(${colour('--heat')}, ${0.12 + 0.88 * Math.sqrt(count / most)})`;
            context.fillRect(left + x * across, 8 + (rows - 1 - y) * up, Math.ceil(across), Math.max(1, up - 0.5));
          }
        });
      });
      context.fillStyle = colour('--faint');
      context.font = '12px system-ui, sans-serif';
      context.textAlign = 'right';
      context.textBaseline = 'middle';
      const every = Math.max(1, Math.ceil(rows / 8));
      for (let y = 0; y <= rows; y += every) {
        context.fillText(format(chart.unit)(chart.bounds[y]), left - 8, 8 + (rows - y) * up);
      }
      context.textAlign = 'center';
      const steps = Math.max(1, Math.ceil(chart.times.length / Math.max(1, Math.floor(width / 110))));
      for (let x = 0; x < chart.times.length; x += steps) {
        const at = left + x * across;
        if (at > left + 20 && at < width - 30) context.fillText(clock(chart.times[x]), at, height - 12);
      }
    };
    canvas.addEventListener('mousemove', (event) => {
      const across = (canvas.clientWidth - left - 8) / Math.max(1, chart.times.length);
      const x = Math.floor((event.offsetX - left) / across);
      const y = rows - 1 - Math.floor((event.offsetY - 8) / ((height - bottom - 8) / Math.max(1, rows)));
      const column = chart.counts[x];
      if (column && y >= 0 && y < rows) {
        const name = format(chart.unit);
        note.textContent = `${clock(chart.times[x])}: ${column[y]} of ${name(chart.bounds[y])} to ${name(chart.bounds[y + 1])}`;
      }
    });
    paint();
    return { resize: paint, remove: () => element.replaceChildren() };
  }

  function draw() {
    for (const one of drawn.splice(0)) one.remove();
    for (const element of document.querySelectorAll('[data-chart]')) {
      const chart = charts[element.dataset.chart];
      if (chart) drawn.push((chart.kind === 'heat' ? heat : lines)(element, chart));
    }
  }

  function cell(row, text, tag) {
    const made = document.createElement(tag);
    made.textContent = text;
    row.append(made);
  }

  // Made when it is asked for: most readers look at the chart.
  function table(details) {
    const chart = charts[details.dataset.table];
    if (!chart || details.querySelector('table')) return;
    const made = document.createElement('table');
    const head = made.createTHead().insertRow();
    const heat = chart.kind === 'heat';
    const name = format(chart.unit);
    cell(head, 'Time', 'th');
    if (heat) {
      for (let y = 0; y + 1 < chart.bounds.length; y += 1) cell(head, `to ${name(chart.bounds[y + 1])}`, 'th');
    } else {
      for (const one of chart.series) cell(head, one.label, 'th');
    }
    const body = made.createTBody();
    chart.times.forEach((at, x) => {
      const row = body.insertRow();
      cell(row, clock(at), 'th');
      if (heat) {
        for (const count of chart.counts[x]) cell(row, String(count), 'td');
      } else {
        for (const one of chart.series) cell(row, format(one.right ? one.unit || chart.unit : chart.unit)(one.values[x]), 'td');
      }
    });
    const scroll = document.createElement('div');
    scroll.className = 'scroll';
    scroll.tabIndex = 0;
    scroll.append(made);
    details.append(scroll);
  }

  function sort(button) {
    const head = button.closest('th');
    const at = [...head.parentNode.children].indexOf(head);
    const body = head.closest('table').tBodies[0];
    const down = head.getAttribute('aria-sort') === 'ascending' || (!head.hasAttribute('aria-sort') && !head.classList.contains('text'));
    for (const other of head.parentNode.children) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const key = (row) => row.children[at].dataset.value ?? row.children[at].textContent;
    const order = (a, b) => {
      const numbers = [Number(key(a)), Number(key(b))];
      return numbers.some(Number.isNaN) ? key(a).localeCompare(key(b)) : numbers[0] - numbers[1];
    };
    const rows = [...body.rows].sort(order);
    body.append(...(down ? rows.reverse() : rows));
  }

  for (const head of document.querySelectorAll('table.sortable thead th')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    button.addEventListener('click', () => sort(button));
    head.append(button);
  }
  for (const details of document.querySelectorAll('details[data-table]')) {
    details.addEventListener('toggle', () => table(details));
  }
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches);
  for (const button of document.querySelectorAll('button.theme')) {
    const name = () => (button.textContent = isDark() ? 'Light' : 'Dark');
    button.addEventListener('click', () => {
      root.dataset.theme = isDark() ? 'light' : 'dark';
      name();
      draw();
    });
    name();
  }
  dark.addEventListener('change', draw);
  let waiting = 0;
  window.addEventListener('resize', () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => drawn.forEach((one) => one.resize()));
  });
  draw();
  root.dataset.ready = 'yes';
})();
