//! What is printed: a line a round, a table, and one line of JSON.

use std::io::Write as _;

use baton_benches::content;
use baton_benches::job::{Told, count};
use serde_json::{Value, json};

use crate::baseline::Baseline;
use crate::{AT_IDLE, Cost, IN_FLIGHT};

/// Rows per second of the same engine, measured before: plain rows of 2 KB, 500 a transaction.
const STACK_ROWS_PER_SECOND: f64 = 80_000.0;
/// Share of the baseline that is aimed at.
const AIM: f64 = 0.3;

/// What one round measured.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) idle: Told,
    pub(crate) crowd: Told,
    pub(crate) cost: Cost,
    pub(crate) baseline: Baseline,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.crowd.per_second() / self.baseline.per_second()
    }

    /// The baseline's CPU time as a share of the server's. Others on the machine change the ratio
    /// more than this.
    fn cpu_ratio(&self) -> f64 {
        let baseline = each(self.baseline.cpu_seconds, self.baseline.publishes);
        baseline / each(self.cost.cpu_seconds, self.crowd.publishes)
    }

    pub(crate) fn line(&self, number: usize) -> String {
        format!(
            "round {number}: {:.0} publishes/s, baseline {:.0}/s, ratio {:.3}",
            self.crowd.per_second(),
            self.baseline.per_second(),
            self.ratio()
        )
    }
}

/// Writes one line, at once: the other process may wait for it.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// A figure of each round.
struct Figure {
    name: &'static str,
    key: &'static str,
    digits: usize,
    of: fn(&Round) -> f64,
}

fn micros(value: u64) -> f64 {
    u32::try_from(value).map_or(f64::INFINITY, f64::from)
}

fn each(seconds: f64, publishes: usize) -> f64 {
    seconds * 1e6 / count(publishes)
}

const FIGURES: [Figure; 15] = [
    Figure {
        name: "publishes/s, 256 in flight",
        key: "publishes_per_second",
        digits: 0,
        of: |round| round.crowd.per_second(),
    },
    Figure {
        name: "  p50, ms",
        key: "in_flight_p50_ms",
        digits: 1,
        of: |round| micros(round.crowd.p50_us) / 1e3,
    },
    Figure {
        name: "  p99, ms",
        key: "in_flight_p99_ms",
        digits: 1,
        of: |round| micros(round.crowd.p99_us) / 1e3,
    },
    Figure {
        name: "  acts in a batch, mean",
        key: "batch_acts",
        digits: 1,
        of: |round| round.cost.batches.mean(),
    },
    Figure {
        name: "  server CPU, s",
        key: "server_cpu_seconds",
        digits: 2,
        of: |round| round.cost.cpu_seconds,
    },
    Figure {
        name: "  server CPU, µs a publish",
        key: "server_cpu_us_per_publish",
        digits: 0,
        of: |round| each(round.cost.cpu_seconds, round.crowd.publishes),
    },
    Figure {
        name: "  client CPU, s",
        key: "client_cpu_seconds",
        digits: 2,
        of: |round| round.crowd.cpu_seconds,
    },
    Figure {
        name: "baseline, publishes/s",
        key: "baseline_publishes_per_second",
        digits: 0,
        of: |round| round.baseline.per_second(),
    },
    Figure {
        name: "  rows/s",
        key: "baseline_rows_per_second",
        digits: 0,
        of: |round| round.baseline.rows_per_second(),
    },
    Figure {
        name: "  rows a publish",
        key: "rows_per_publish",
        digits: 1,
        of: |round| count(round.baseline.rows) / count(round.baseline.publishes),
    },
    Figure {
        name: "  CPU, µs a publish",
        key: "baseline_cpu_us_per_publish",
        digits: 0,
        of: |round| each(round.baseline.cpu_seconds, round.baseline.publishes),
    },
    Figure {
        name: "ratio",
        key: "ratio",
        digits: 3,
        of: Round::ratio,
    },
    Figure {
        name: "  of the CPU time",
        key: "cpu_ratio",
        digits: 3,
        of: Round::cpu_ratio,
    },
    Figure {
        name: "one at idle, p50 ms",
        key: "idle_p50_ms",
        digits: 2,
        of: |round| micros(round.idle.p50_us) / 1e3,
    },
    Figure {
        name: "  p99 ms",
        key: "idle_p99_ms",
        digits: 2,
        of: |round| micros(round.idle.p99_us) / 1e3,
    },
];

/// The table and the line of JSON.
pub(crate) fn end(rounds: &[Round]) -> anyhow::Result<()> {
    let publishes = rounds.first().map_or(0, |round| round.crowd.publishes);
    say(&format!(
        "\n{} rounds of {publishes} publishes of {} sections, {} bytes; {AT_IDLE} at idle\n",
        rounds.len(),
        content::SECTIONS,
        content::CONTENT_BYTES,
    ))?;
    say(&format!(
        "{:<28} {:>10} {:>10} {:>10}",
        "", "min", "median", "max"
    ))?;
    let mut figures = serde_json::Map::new();
    for Figure {
        name,
        key,
        digits,
        of,
    } in FIGURES
    {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let (min, median, max) = (
            at(0),
            at(values.len() / 2),
            at(values.len().saturating_sub(1)),
        );
        say(&format!(
            "{name:<28} {min:>10.digits$} {median:>10.digits$} {max:>10.digits$}"
        ))?;
        figures.insert(
            key.to_owned(),
            json!({ "min": min, "median": median, "max": max }),
        );
    }
    say(&format!(
        "\naim: a ratio of {AIM}; plain rows of 2 KB, measured before: {STACK_ROWS_PER_SECOND} rows/s\n"
    ))?;
    let line = json!({
        "bench": "publish",
        "rounds": rounds.len(),
        "publishes": publishes,
        "in_flight": IN_FLIGHT,
        "sections": content::SECTIONS,
        "content_bytes": content::CONTENT_BYTES,
        "aim_ratio": AIM,
        "stack_rows_per_second": STACK_ROWS_PER_SECOND,
        "figures": Value::Object(figures),
    });
    say(&line.to_string())
}
