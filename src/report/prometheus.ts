// Metrics in the text format of Prometheus (version 0.0.4): counters, gauges and histograms with labels.

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  lines(): Iterable<string>;
}

/** A number by labels, that grows (counter) or is set (gauge). */
export class Numbers implements Metric {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly #values = new Map<string, number>();

  constructor(type: 'counter' | 'gauge', name: string, help: string) {
    this.type = type;
    this.name = name;
    this.help = help;
  }

  add(labels: Labels = {}, amount = 1): void {
    const key = formatLabels(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  set(value: number, labels: Labels = {}): void {
    this.#values.set(formatLabels(labels), value);
  }

  /** Forgets every label's value. */
  clear(): void {
    this.#values.clear();
  }

  *lines(): Generator<string> {
    for (const [labels, value] of this.#values) yield `${this.name}${labels} ${value}`;
  }
}

/** How often a number was up to each of some bounds, by labels. */
export class Histogram implements Metric {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  /** Upper bounds, growing. */
  readonly bounds: readonly number[];
  readonly #series = new Map<string, { labels: Labels; counts: number[]; sum: number; count: number }>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.bounds = bounds;
  }

  observe(value: number, labels: Labels = {}): void {
    const key = formatLabels(labels);
    const series = this.#series.get(key) ?? { labels, counts: this.bounds.map(() => 0), sum: 0, count: 0 };
    this.#series.set(key, series);
    for (const [at, bound] of this.bounds.entries()) if (value <= bound) series.counts[at]!++;
    series.sum += value;
    series.count++;
  }

  *lines(): Generator<string> {
    for (const [key, { labels, counts, sum, count }] of this.#series) {
      for (const [at, bound] of this.bounds.entries())
        yield `${this.name}_bucket${formatLabels({ ...labels, le: String(bound) })} ${counts[at]}`;
      yield `${this.name}_bucket${formatLabels({ ...labels, le: '+Inf' })} ${count}`;
      yield `${this.name}_sum${key} ${sum}`;
      yield `${this.name}_count${key} ${count}`;
    }
  }
}

/** All metrics as Prometheus reads them. */
export function formatMetrics(metrics: readonly Metric[]): string {
  const lines = metrics.flatMap((metric) => [
    `# HELP ${metric.name} ${metric.help}`,
    `# TYPE ${metric.name} ${metric.type}`,
    ...metric.lines(),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

/** The media type of the format. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
