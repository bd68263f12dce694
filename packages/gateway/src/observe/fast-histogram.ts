import type { Histogram, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

/**
 * A histogram for what happens once a token. `Histogram` of prom-client sorts and joins the labels of each observation,
 * which took 3 % of the CPU time of a gateway with 1,000 streams; here they are looked up once for each stream.
 */
export class FastHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(options: {
    readonly name: string;
    readonly help: string;
    readonly buckets: readonly number[];
    readonly registry: Registry;
  }) {
    this.name = options.name;
    this.help = options.help;
    this.#bounds = options.buckets;
    // The registry asks a metric only for its name and its samples.
    options.registry.registerMetric(this as unknown as Histogram);
  }

  /** The series with these labels. Labels must be bounded. */
  series(labels: Labels): Series {
    const key = JSON.stringify(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = new Series(labels, this.#bounds);
      this.#series.set(key, series);
    }
    return series;
  }

  /** Called by the registry. */
  get(): Promise<object> {
    const values = [...this.#series.values()].flatMap((series) => series.samples(this.name));
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values });
  }

  reset(): void {
    this.#series.clear();
  }
}

/** The observations with one set of labels. */
class Series {
  readonly #labels: Labels;
  readonly #bounds: readonly number[];
  /** Observations by bucket, the last bucket without a bound. */
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    (this.#counts[bucket] as number) += 1;
    this.#sum += value;
  }

  samples(name: string): Sample[] {
    let count = 0;
    const buckets = this.#counts.map((inBucket, bucket): Sample => {
      count += inBucket;
      const le = String(this.#bounds[bucket] ?? '+Inf');
      return { metricName: `${name}_bucket`, labels: { le, ...this.#labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.#labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.#labels, value: count },
    ];
  }
}
