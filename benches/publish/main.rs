//! How fast profiles are published, and what share that is of what the database itself can do.
//!
//! This process is the exchange: a real server on SQLite in a temporary folder, behind TLS. It
//! starts itself again as the client. Afterwards it writes the very rows the run produced into a
//! fresh file, as fast as plain multi-row inserts go: the baseline.

mod baseline;
mod client;
mod report;

use std::path::Path;

use anyhow::Context as _;
use baton_benches::exchange::{Batches, Exchange, SCHOOLS};
use baton_benches::job::{self, Job, Told};
use clap::Parser;
use mimalloc::MiMalloc;
use tokio::runtime::Runtime;

use report::Round;

// As in the program itself.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Publishes before the measured ones: statements are prepared, verdicts remembered.
const WARM: usize = 1_024;
/// Publishes under way at once, over all connections.
const IN_FLIGHT: usize = 256;
/// Publishes one after the other.
const AT_IDLE: usize = 500;
/// Publishes one after the other before the measured ones.
const WARM_AT_IDLE: usize = 50;

/// Profiles of eight sections, 8 KiB in total, published over TLS by a second process.
#[derive(Debug, Parser)]
struct Args {
    /// Publishes measured in each round.
    #[arg(long, default_value_t = 20_000)]
    publishes: usize,
    /// Rounds, each on a ledger of its own with a baseline of its own.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// One round of 2,000.
    #[arg(long)]
    quick: bool,
    /// What the second process is started with.
    #[arg(long, hide = true)]
    client: Option<std::path::PathBuf>,
    /// `cargo bench` says so.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("TLS was set up twice"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if let Some(job) = args.client {
        return client::run(&runtime, &job);
    }
    let (publishes, rounds) = if args.quick {
        (2_000, 1)
    } else {
        (args.publishes, args.rounds)
    };
    let mut measured = Vec::new();
    for number in 1..=rounds {
        let round = round(&runtime, publishes).with_context(|| format!("round {number}"))?;
        report::say(&round.line(number))?;
        measured.push(round);
    }
    report::end(&measured)
}

/// One exchange from its first entry to its last, then the baseline.
fn round(runtime: &Runtime, publishes: usize) -> anyhow::Result<Round> {
    let folder = tempfile::Builder::new().prefix("baton-bench-").tempdir()?;
    let exchange = runtime.block_on(Exchange::start(&folder.path().join("ledger")))?;
    let (single, all) = (
        WARM_AT_IDLE + AT_IDLE,
        WARM_AT_IDLE + AT_IDLE + WARM + publishes,
    );
    let alone = runtime.block_on(exchange.plan(0..single, 1))?;
    let crowd = runtime.block_on(exchange.plan(single..all, SCHOOLS))?;

    let idle = exchange.job(alone, WARM_AT_IDLE, 1);
    let (idle, _) = measure(runtime, folder.path(), &exchange, &idle)?;
    let crowd = exchange.job(crowd, WARM, IN_FLIGHT);
    let (crowd, cost) = measure(runtime, folder.path(), &exchange, &crowd)?;

    let database = exchange.database();
    runtime.block_on(exchange.stop());
    let fresh = folder.path().join("baseline.db");
    let baseline = baseline::run(
        &database,
        &fresh,
        cost.positions.clone(),
        cost.batches.size(),
    );
    let baseline = runtime.block_on(baseline).context("the baseline")?;
    Ok(Round {
        idle,
        crowd,
        cost,
        baseline,
    })
}

/// What a job took on the server's side.
#[derive(Debug, Clone)]
struct Cost {
    /// Positions of the entries it made.
    positions: std::ops::Range<i64>,
    batches: Batches,
    /// CPU seconds of this process.
    cpu_seconds: f64,
}

/// Lets a second process do a job.
fn measure(
    runtime: &Runtime,
    folder: &Path,
    exchange: &Exchange,
    job: &Job,
) -> anyhow::Result<(Told, Cost)> {
    let mut client = client::Process::start(folder, job)?;
    let (from, batches) = (exchange.size()?, runtime.block_on(exchange.batches())?);
    let before = job::cpu_seconds();
    let told = client.go()?;
    let cpu_seconds = job::cpu_seconds() - before;
    let positions = from..exchange.size()?;
    let batches = runtime.block_on(exchange.batches())?.since(&batches);
    anyhow::ensure!(
        usize::try_from(positions.end - positions.start) == Ok(told.publishes),
        "{positions:?} are not the entries of {} publishes",
        told.publishes
    );
    Ok((
        told,
        Cost {
            positions,
            batches,
            cpu_seconds,
        },
    ))
}
