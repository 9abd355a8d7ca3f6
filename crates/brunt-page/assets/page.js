// Draws the charts of a page, sorts its tables, and changes between dark and light. What it draws from is
// described in src/lib.rs.
'use strict';
(() => {
  const root = document.documentElement;
  const charts = JSON.parse(document.getElementById('charts').textContent) || {};
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  const digits = (value) => {
    const size = Math.abs(value);
    // Of what is very small the first two digits.
    if (size > 0 && size < 0.01) return String(Number(value.toPrecision(2)));
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
    if (size < 120000) return `${digits(ms / 1000)} s`;
    if (size < 7200000) return `${digits(ms / 60000)} min`;
    return size < 172800000 ? `${digits(ms / 3600000)} h` : `${digits(ms / 86400000)} d`;
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
  // A unit of the page's own: a factor, names from each of which it is a step to the next, and what stands behind.
  const described = (unit) => (value) => {
    let [at, scaled] = [0, value * unit.factor];
    while (at + 1 < unit.names.length && Math.abs(scaled) >= unit.step) {
      scaled /= unit.step;
      at += 1;
    }
    return `${digits(scaled)}${unit.names[at]}${unit.after}`;
  };
  const format = (unit) => (value) => (value == null ? '–' : (unit?.names ? described(unit) : formats[unit] || digits)(value));
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });

  // A slot's time: since the run began, where the chart says when that was, else of the day.
  const elapsed = (seconds) => {
    if (seconds < 60) return `${Number(Math.max(seconds, 0).toFixed(2))} s`;
    const two = (value) => String(Math.floor(value)).padStart(2, '0');
    const hours = Math.floor(seconds / 3600);
    const minutes = (seconds % 3600) / 60;
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${Math.floor(minutes)}:${two(seconds % 60)}`;
  };
  const at = (chart, seconds) => (chart.origin === undefined ? clock(seconds) : elapsed(seconds - chart.origin));
  const increments = [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

  const drawn = [];

  // What the arrow keys point at, for those who hear it.
  function spoken(element) {
    const output = document.createElement('output');
    output.className = 'spoken';
    element.append(output);
    return output;
  }

  function axes(chart) {
    const grid = { stroke: colour('--line'), width: 1 };
    const plain = { stroke: colour('--faint'), grid, ticks: grid, font: '12px system-ui, sans-serif' };
    const right = chart.series.find((one) => one.right);
    const value = (unit) => (_, values) => values.map(format(unit));
    const since = chart.origin === undefined
      ? { values: (_, values) => values.map(clock) }
      : { incrs: increments, values: (_, values) => values.map(elapsed) };
    const all = [{ ...plain, space: 80, ...since }, { ...plain, size: 72, values: value(chart.unit) }];
    if (right) {
      all.push({ ...plain, side: 1, scale: 'right', size: 60, grid: { show: false }, values: value(right.unit || chart.unit) });
    }
    return all;
  }

  // Bars on top of each other: each as high as itself and all after it, so that the first one is drawn first.
  function heights(chart, shown) {
    const below = chart.times.map(() => 0);
    const bars = chart.kind === 'bars';
    const columns = chart.series.map((one, index) => [one, index]).reverse().map(([one, index]) =>
      one.values.map((value, x) => {
        if (!bars && (!one.stacked || value == null)) return value;
        if (shown(index)) below[x] += value || 0;
        return below[x];
      }));
    return columns.reverse();
  }

  const alone = (values) => values.flatMap((value, x) => (value != null && values[x - 1] == null && values[x + 1] == null ? [x] : []));

  function lines(element, chart) {
    const bars = chart.kind === 'bars';
    const times = chart.origin === undefined ? chart.times : chart.times.map((time) => time - chart.origin);
    const width = chart.width || 1;
    const height = chart.height || 240;
    const stacked = bars || chart.series.some((one) => one.stacked);
    const data = (shown) => [times, ...(stacked ? heights(chart, shown) : chart.series.map((one) => one.values))];
    const text = (one, value) => format(one.right ? one.unit || chart.unit : chart.unit)(value);
    const series = chart.series.map((one, at) => {
      const stroke = colour(one.colour || `--c${at % 8}`);
      return {
        label: one.label,
        stroke,
        width: 1.6,
        ...(bars ? { width: 0, fill: stroke, paths: uPlot.paths.bars({ size: [0.9, 60] }) } : {}),
        ...(bars ? {} : { fill: chart.kind === 'area' && !one.right && !one.dash ? `color-mix(in srgb, ${stroke} ${one.stacked ? 60 : 10}%, transparent)` : undefined }),
        dash: one.dash || (one.right ? [5, 4] : undefined),
        ...(chart.points ? { paths: () => null } : {}),
        scale: one.right ? 'right' : 'y',
        spanGaps: false,
        // A value between gaps would be a line without length.
        points: { show: !bars, size: chart.points ? 8 : 4, fill: stroke, filter: (_, index) => (chart.points ? null : alone(one.values)) },
        // What was given: of bars on top of each other the plot knows sums only.
        value: (_, __, ___, x) => (x == null ? '' : text(one, one.values[x])),
      };
    });
    // From nought, so that heights can be compared.
    const range = (_, low, high) => [Math.min(0, low || 0), (high || 1) * 1.05];
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        scales: {
          x: {
            time: chart.origin === undefined,
            range: (_, low, high) => (bars || low === high ? [low - width / 2, high + width / 2] : [low, high]),
          },
          y: { range },
          right: { range },
        },
        series: [{ label: 'Time', value: (_, __, ___, x) => (x == null ? '' : at(chart, chart.times[x])) }, ...series],
        axes: axes(chart),
        cursor: { y: false, sync: { key: 'time' }, drag: { x: true, y: false } },
        legend: { live: true },
        hooks: {
          draw: [(self) => {
            for (const mark of chart.marks || []) {
              const y = Math.round(self.valToPos(mark.value, 'y', true));
              if (y < self.bbox.top || y > self.bbox.top + self.bbox.height) continue;
              self.ctx.save();
              self.ctx.strokeStyle = mark.colour.startsWith('--') ? colour(mark.colour) : mark.colour;
              self.ctx.setLineDash([8, 6]);
              self.ctx.beginPath();
              self.ctx.moveTo(self.bbox.left, y);
              self.ctx.lineTo(self.bbox.left + self.bbox.width, y);
              self.ctx.stroke();
              self.ctx.restore();
            }
          }],
          setLegend: [(self) => self.root.classList.toggle('idle', self.cursor.idx == null)],
          setSeries: [(self, index) => {
            if (index == null) return;
            const label = self.root.querySelectorAll('.u-legend .u-series')[index]?.querySelector('th');
            label?.setAttribute('aria-pressed', String(self.series[index].show));
            if (stacked) self.setData(data((one) => self.series[one + 1].show));
          }],
        },
      },
      data(() => true),
      element,
    );
    plot.root.classList.add('idle');
    const output = spoken(element);
    let chosen = null;
    const keys = (event) => {
      if (event.target !== element) return;
      const last = times.length - 1;
      const x = { ArrowRight: chosen === null ? 0 : chosen + 1, ArrowLeft: chosen === null ? last : chosen - 1, Home: 0, End: last }[event.key];
      if (x === undefined) return;
      event.preventDefault();
      chosen = Math.min(Math.max(x, 0), last);
      plot.setCursor({ left: plot.valToPos(times[chosen], 'x'), top: 0 });
      output.textContent = `${at(chart, chart.times[chosen])}: ${chart.series.map((one) => `${one.label} ${text(one, one.values[chosen])}`).join(', ')}`;
    };
    element.addEventListener('keydown', keys);
    for (const label of element.querySelectorAll('.u-legend .u-series:not(:first-child) th')) {
      label.tabIndex = 0;
      label.setAttribute('role', 'button');
      label.setAttribute('aria-pressed', 'true');
      label.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          label.click();
        }
      });
    }
    return {
      resize: () => plot.setSize({ width: element.clientWidth, height }),
      remove: () => {
        element.removeEventListener('keydown', keys);
        plot.destroy();
        output.remove();
      },
    };
  }

  function heat(element, chart) {
    const canvas = document.createElement('canvas');
    element.append(canvas);
    const key = document.createElement('p');
    key.className = 'key';
    const note = document.createElement('output');
    element.append(key, note);
    let chosen = null;
    const rows = chart.bounds.length - 1;
    const most = Math.max(1, ...chart.counts.map((column) => Math.max(...column)));
    for (const part of ['1', '', `${format('count')(most)} ${chart.count || ''}`]) {
      const piece = document.createElement('span');
      piece.textContent = part;
      if (!part) piece.className = 'scale';
      key.append(piece);
    }
    const left = 72;
    const bottom = 28;
    const height = chart.height || 280;
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
        const where = left + x * across;
        if (where >= left && where < width - 30) context.fillText(at(chart, chart.times[x]), where, height - 12);
      }
      if (chosen) {
        context.strokeStyle = colour('--text');
        context.lineWidth = 1.5;
        context.strokeRect(left + chosen[0] * across, 8 + (rows - 1 - chosen[1]) * up, across, up);
      }
    };
    const choose = (x, y) => {
      chosen = [x, y];
      const name = format(chart.unit);
      note.textContent = `${at(chart, chart.times[x])}: ${chart.counts[x][y]} ${chart.count || ''} of ${name(chart.bounds[y])} to ${name(chart.bounds[y + 1])}`;
      paint();
    };
    const keys = (event) => {
      const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!step) return;
      event.preventDefault();
      const within = (value, most) => Math.min(Math.max(value, 0), most - 1);
      if (chosen) choose(within(chosen[0] + step[0], chart.times.length), within(chosen[1] + step[1], rows));
      else choose(0, 0);
    };
    element.addEventListener('keydown', keys);
    canvas.addEventListener('mousemove', (event) => {
      const across = (canvas.clientWidth - left - 8) / Math.max(1, chart.times.length);
      const x = Math.floor((event.offsetX - left) / across);
      const y = rows - 1 - Math.floor((event.offsetY - 8) / ((height - bottom - 8) / Math.max(1, rows)));
      if (chart.counts[x] && y >= 0 && y < rows) choose(x, y);
    });
    paint();
    return { resize: paint, remove: () => { element.removeEventListener('keydown', keys); element.replaceChildren(); } };
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
    chart.times.forEach((time, x) => {
      const row = body.insertRow();
      cell(row, at(chart, time), 'th');
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
